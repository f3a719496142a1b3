"""The memory that a cell held in each round of a soak, and the slope of it."""

from __future__ import annotations

from typing import Any

from heartbed.report.data import RunData
from heartbed.report.figure import Figure
from heartbed.report.plots import growth
from heartbed.verdict.values import CellVerdict

PLACE = "cell"
ORDER = 2

WHAT = ("memory",)
MIB = 2**20

SPEC: dict[str, Any] = growth.spec(
    120, {"title": "MiB", "scale": {"zero": False, "padding": 6}, "axis": {"tickCount": 4}}, WHAT
)


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The memory of all processes of a cell, what they share counted once; None without rounds."""
    return growth.of(run, cell, WHAT, "Memory at the end of each idle time", MIB)
