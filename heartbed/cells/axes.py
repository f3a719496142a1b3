"""The axes: what can be chosen in a cell, and the words for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_OSLO = "17.3.2"
"""The last series of oslo.messaging that has ``heartbeat_in_pthread``."""

HTTPD = ("prefork", "event", "worker")
"""Servers that are Apache httpd under one of its MPMs; mod_wsgi's mode is theirs alone."""


@dataclass(frozen=True)
class Axis:
    """One question with several answers.

    ``tokens`` maps each factor to what it means; the first is the default.
    ``servers`` are those to which the question can be put; none means all.
    """

    name: str
    tokens: dict[str, str]
    servers: tuple[str, ...] = ()

    @property
    def default(self) -> str:
        """The factor that is taken when the axis is not named."""
        return next(iter(self.tokens))

    def applies_to(self, server: str) -> bool:
        """Whether the question can be put to this server."""
        return not self.servers or server in self.servers


MAIN_AXES = (
    Axis(
        "server",
        {
            "prefork": "httpd, one single-threaded child process a request",
            "event": "httpd, child processes with worker threads and a listener",
            "worker": "httpd, child processes with worker threads",
            "uwsgi": "uWSGI with a master, as OpenStack deploys it",
            "gunicorn": "gunicorn with an arbiter",
        },
    ),
    Axis(
        "mode",
        {
            "daemon": "mod_wsgi runs the application in WSGIDaemonProcess processes",
            "embedded": "mod_wsgi runs the application inside httpd's own children",
        },
        servers=HTTPD,
    ),
    Axis(
        "model",
        {
            "eventlet": "the application calls eventlet.monkey_patch() first",
            "native": "plain OS threads, nothing is patched",
        },
    ),
    Axis(
        "thread",
        {
            "green": "heartbeats are sent by a green thread (heartbeat_in_pthread = false)",
            "pthread": "heartbeats are sent by an OS thread (heartbeat_in_pthread = true)",
        },
    ),
)
"""The axes that make up the name of every cell."""

OPTION_AXES = (
    Axis(
        "loading",
        {
            "lazy": "each process loads the application after it was forked",
            "preload": "the application is loaded once, before the processes are forked",
        },
        servers=("uwsgi", "gunicorn"),
    ),
    Axis(
        "front",
        {
            "direct": "uWSGI speaks HTTP itself",
            "proxied": "httpd with mod_proxy_uwsgi in front, as devstack has it",
        },
        servers=("uwsgi",),
    ),
    Axis(
        "worker_class",
        {
            "sync": "gunicorn's sync workers: one request at a time, waiting in select()",
            "gthread": "gunicorn's gthread workers: a pool of threads",
        },
        servers=("gunicorn",),
    ),
)
"""Options of some servers. Only those that are not the default are part of a cell's name."""

AXES = MAIN_AXES + OPTION_AXES


@dataclass(frozen=True)
class Parameter:
    """A number written behind its name, as in ``threads4``. Bounds are inclusive."""

    name: str
    least: int
    most: int
    meaning: str


PARAMETERS = (
    Parameter("processes", 1, 32, "processes that run the application"),
    Parameter("threads", 1, 256, "worker threads in each of them"),
    Parameter("heartbeat", 0, 3600, "heartbeat timeout in seconds; 0 switches heartbeats off"),
)


@dataclass(frozen=True)
class Library:
    """A library whose version is a factor: the word before the number, and its name on PyPI."""

    word: str
    package: str
    default: str
    """The version in every image unless another is asked for."""


LIBRARIES = (
    Library("oslo", "oslo.messaging", DEFAULT_OSLO),
    Library("eventlet", "eventlet", "0.41.3"),
    Library("kombu", "kombu", "5.7.0"),
    Library("amqp", "amqp", "5.4.2"),
    Library("mod_wsgi", "mod_wsgi", "6.1.1"),
)

VERSIONED = re.compile(rf"({'|'.join(library.word for library in LIBRARIES)})(\d+(?:\.\d+){{1,3}})\Z")
"""A library with its version, as ``oslo14.3.0`` or ``eventlet0.40.0``."""


def library(word: str) -> Library:
    """The library that a word stands for."""
    return next(each for each in LIBRARIES if each.word == word)
