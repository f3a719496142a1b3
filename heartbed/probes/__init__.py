"""Probes: scenarios that are played on cells, one module each. Whichever lies here is found by itself.

A module has ``NAME``, what it is asked for by; ``MEANING``, one line that says what is done to the cells; and
``play(stage)``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from heartbed import plugins
from heartbed.cells.settings import DEFAULT_PROBE
from heartbed.errors import InputError

if TYPE_CHECKING:
    from heartbed.stage.stage import Stage


class Probe(Protocol):
    """A module of this package."""

    NAME: str
    MEANING: str

    def play(self, stage: Stage) -> None:
        """Open the cells' connections, do what the probe is about, and ask each cell again."""


@cache
def every() -> dict[str, Probe]:
    """Name -> probe, the default first."""
    found = [cast("Probe", module) for module in plugins.modules(__name__).values()]
    return {each.NAME: each for each in sorted(found, key=lambda each: (each.NAME != DEFAULT_PROBE, each.NAME))}


def named(name: str) -> Probe:
    """The probe of that name. Raises ``InputError`` for one that there is not."""
    if name not in every():
        raise InputError(f"unknown probe {name!r}", hint=f"probes: {', '.join(every())}")
    return every()[name]
