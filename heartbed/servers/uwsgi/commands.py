"""The commands of uWSGI, as they are run in its image."""

from __future__ import annotations

from pathlib import PurePosixPath

OPTIONS = ("uwsgi", "--help")
"""Tells the options that this uWSGI has."""


def read(place: str) -> tuple[str, ...]:
    """Read an ini file, tell what is in force, and go. lazy-apps: it need not load the application for that."""
    return _read("ini", place)


def read_as_it_is(place: str) -> tuple[str, ...]:
    """The same of a file in the language that its name ends with, in which nothing has been replaced.

    What it says would go to a log of the user's.
    """
    form = PurePosixPath(place).suffix[1:]
    return (*_read(form, place), "--logto", "/dev/stderr", "--daemonize", "/dev/stderr")


def _read(form: str, place: str) -> tuple[str, ...]:
    return "uwsgi", "--lazy-apps", "--show-config", "--no-server", f"--{form}", place


def start(place: str) -> tuple[str, ...]:
    """Serve, with httpd in front where the environment says so."""
    return "heartbed-uwsgi", place
