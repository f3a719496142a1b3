"""The commands of uWSGI, as they are run in its image."""

from __future__ import annotations

OPTIONS = ("uwsgi", "--help")
"""Tells the options that this uWSGI has."""


def read(place: str) -> tuple[str, ...]:
    """Read an ini file, tell what is in force, and go. lazy-apps: it need not load the application for that."""
    return "uwsgi", "--lazy-apps", "--show-config", "--no-server", "--ini", place


def start(place: str) -> tuple[str, ...]:
    """Serve, with httpd in front where the environment says so."""
    return "heartbed-uwsgi", place
