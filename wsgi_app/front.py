"""Stands in front of an application that is not Heartbed's own, and speaks the testbed's language there.

Import it after the application has patched, or decided not to: what it imports
is for the one case or the other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from oslo_config import cfg

from wsgi_app import dump, facts, installed, waits
from wsgi_app.whereabouts import Registry, Whereabouts

CLIENTS = ("oslo_messaging", "kombu", "amqp", "pika", "aio_pika", "eventlet", "gevent")
"""Modules that say how an application speaks to RabbitMQ, and how it runs its threads."""

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Front:
    """Answers under ``/heartbed/``; everything else is the application's.

    ``name`` is that of an application that Heartbed knows, and ``packages`` are what its versions are told of beside
    those that all have.
    """

    def __init__(self, own: Wsgi, name: str | None = None, packages: Sequence[str] = ()) -> None:
        self._own, self._name, self._packages = own, name, packages

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer, or pass the request on."""
        path = environ.get("PATH_INFO", "")
        if path == "/heartbed/facts":
            return _answer(start_response, self._facts(environ))
        if path == "/heartbed/ready":
            return _answer(start_response, {"application": self._name})
        if path == "/heartbed/yield":
            return _answer(start_response, waits.ask())
        return self._own(environ, start_response)

    def _facts(self, environ: dict[str, Any]) -> dict[str, Any]:
        """What the process is, with as much of oslo.messaging as the application has of it by now."""
        try:
            found = asdict(facts.gather(environ, cfg.CONF, self._name))
        except Exception as error:  # noqa: BLE001  an application without oslo.messaging has none of these options
            found = asdict(facts.process(environ, self._name)) | {"incomplete": f"{type(error).__name__}: {error}"}
        found["versions"] |= installed.installed(self._packages)
        return found | {"modules": [name for name in CLIENTS if name in sys.modules]}


def stand_before(own: Wsgi, name: str | None = None, packages: Sequence[str] = ()) -> Wsgi:
    """The application with its front, told and looked at as Heartbed's own is."""
    registry = Registry()
    return Whereabouts(Front(own, name, packages), registry, partial(dump.install, registry))


def _answer(start_response: Any, content: object) -> list[bytes]:
    body = json.dumps(content).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
