"""Formats register themselves by being there: every module in ``formats/`` is one.

Such a module has a constant ``FILE``, the name of the file that it makes, and
a function ``render(run)``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

from heartbed.errors import InputError
from heartbed.report import formats as package
from heartbed.report.data import RunData


class Format(Protocol):
    """One format of a report."""

    FILE: str

    def render(self, run: RunData) -> str | bytes:
        """The whole report on ``run``."""


def format_names() -> tuple[str, ...]:
    """The names of all formats."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(package.__path__)))


def render(name: str, run: RunData) -> str | bytes:
    """``run`` in the format of that name. Raises ``InputError`` for a format that does not exist."""
    return _format(name).render(run)


def file_name(name: str) -> str:
    """The file that a format is usually written to, for example ``report.html``."""
    return _format(name).FILE


def _format(name: str) -> Format:
    if name not in format_names():
        raise InputError(f"unknown format {name!r}", hint=f"formats: {', '.join(format_names())}")
    return cast(Format, importlib.import_module(f"{package.__name__}.{name}"))
