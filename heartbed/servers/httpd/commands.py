"""The commands of httpd, as they are run in its image."""

from __future__ import annotations

from heartbed.servers.httpd.modules import MODULES_FOLDER

HTTPD = "/usr/sbin/apache2"
DUMP = ("-C", f"LoadModule info_module {MODULES_FOLDER}/mod_info.so", "-D", "DUMP_CONFIG")
"""Has httpd tell the configuration that it has in force."""

CELL = ("heartbed-httpd", "-t", *DUMP)
"""Tells the configuration of a cell, which reads its choices from the environment."""


def check(place: str) -> tuple[str, ...]:
    """Read a main file."""
    return HTTPD, "-f", place, "-t"


def read(place: str) -> tuple[str, ...]:
    """Read a main file, and tell what is in force."""
    return *check(place), *DUMP


def start(place: str) -> tuple[str, ...]:
    """Serve."""
    return HTTPD, "-f", place, "-D", "FOREGROUND"
