"""The kinds of plot, one a file, each found by itself; ``Kind`` says what such a file holds."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol, cast

from heartbed import plugins
from heartbed.report.data import RunData
from heartbed.report.figure import Figure
from heartbed.verdict.values import CellVerdict


class Kind(Protocol):
    """One kind of plot."""

    PLACE: str
    ORDER: int
    SPEC: dict[str, Any]

    def figure(self, run: RunData, cell: CellVerdict | None) -> Figure | None:
        """The plot of a cell, or of the whole run where ``PLACE`` is ``run``."""


def kinds(place: str = "") -> dict[str, Kind]:
    """All kinds of plot by name, those of one place only if one is named, in their order."""
    return {name: kind for name, kind in _every().items() if place in ("", kind.PLACE)}


@cache
def _every() -> dict[str, Kind]:
    kinds = {name: cast(Kind, module) for name, module in plugins.modules(__name__).items()}
    return dict(sorted(kinds.items(), key=lambda item: item[1].ORDER))


def figures(run: RunData, cell: CellVerdict | None, place: str = "run") -> dict[str, Figure]:
    """The figures of a cell in one place, or those of the run for None, by kind."""
    drawn = {name: kind.figure(run, cell) for name, kind in kinds(place).items()}
    return {name: figure for name, figure in drawn.items() if figure is not None}
