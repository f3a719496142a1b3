"""Formats register themselves by being there: every module in ``formats/`` is one.

Such a module has a constant ``FILE``, the name of the file that it makes, and
a function ``render(run)``; one that has much to load has ``get_ready()`` besides.
"""

from __future__ import annotations

import importlib
from typing import Protocol, cast

from heartbed import plugins
from heartbed.errors import InputError
from heartbed.files import save
from heartbed.memory import uncollected
from heartbed.report.data import RunData
from heartbed.verdict.look.values import LookVerdict

PACKAGE = "heartbed.report.formats"
BESIDE_EVERY_RECORD = ("json", "html")
OF_LOOKS = "heartbed.report.looks"
"""The formats in which a look is told."""


class Format(Protocol):
    """One format of a report."""

    FILE: str

    def render(self, run: RunData) -> str | bytes:
        """The whole report on ``run``."""


class LookFormat(Protocol):
    """One format of a look."""

    FILE: str

    def render(self, look: LookVerdict) -> str:
        """All of a look."""


def format_names(package: str = PACKAGE) -> tuple[str, ...]:
    """The names of all formats."""
    return plugins.names(package)


def render_look(name: str, look: LookVerdict) -> str:
    """``look`` in the format of that name. Raises ``InputError`` for one that looks are not told in."""
    names = format_names(OF_LOOKS)
    if name not in names:
        raise InputError(f"a look is not told as {name!r}", hint=f"formats of looks: {', '.join(names)}")
    return cast(LookFormat, importlib.import_module(f"{OF_LOOKS}.{name}")).render(look)


def render(name: str, run: RunData) -> str | bytes:
    """``run`` in the format of that name. Raises ``InputError`` for a format that does not exist."""
    return _format(name).render(run)


def file_name(name: str) -> str:
    """The file that a format is usually written to, for example ``report.html``."""
    return _format(name).FILE


def _format(name: str) -> Format:
    if name not in format_names():
        raise InputError(f"unknown format {name!r}", hint=f"formats: {', '.join(format_names())}")
    return cast(Format, importlib.import_module(f"{PACKAGE}.{name}"))


def get_ready() -> None:
    """Load what ``write_reports`` takes, for about a second: before it, while something else is waited for."""
    for name in BESIDE_EVERY_RECORD:
        if ready := getattr(_format(name), "get_ready", None):
            ready()


@uncollected()
def write_reports(data: RunData) -> None:
    """Write the files that every run gets beside its record. Raises ``TestbedError``."""
    for name in BESIDE_EVERY_RECORD:
        save(data.folder / file_name(name), render(name, data))
