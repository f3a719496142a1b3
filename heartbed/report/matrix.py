"""Cells side by side: one column a server, one row for all else that names a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.cells import axes
from heartbed.verdict.values import CellVerdict

MOST_COLUMNS = 4
FULL_ENOUGH = 2 / 3
"""With fewer of its places taken, a matrix is mostly holes."""


@dataclass(frozen=True)
class Row:
    """One configuration apart from its server; ``cells`` has a place for each column."""

    label: str
    cells: tuple[CellVerdict | None, ...]


@dataclass(frozen=True)
class Matrix:
    """The cells of one probe in rows and columns."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def matrix(cells: Sequence[CellVerdict]) -> Matrix | None:
    """The matrix of these cells, or None where a list says it better.

    A list is better for a single server, for cells without a server, for two
    cells that would share a place, and where many places would be empty.
    """
    places: dict[str, dict[str, CellVerdict]] = {}
    for cell in cells:
        server = cell.factors.get("server")
        row = places.setdefault(row_label(cell), {})
        if server is None or server in row:
            return None
        row[server] = cell
    columns = sorted({server for row in places.values() for server in row}, key=_column)
    if not 2 <= len(columns) <= MOST_COLUMNS or len(cells) < FULL_ENOUGH * len(columns) * len(places):
        return None
    rows = (Row(label, tuple(row.get(column) for column in columns)) for label, row in places.items())
    return Matrix(tuple(columns), tuple(rows))


def by_probe(cells: Sequence[CellVerdict]) -> dict[str, list[CellVerdict]]:
    """The cells of each probe, in the order in which the probes first occur."""
    by_probe: dict[str, list[CellVerdict]] = {}
    for cell in cells:
        by_probe.setdefault(cell.probe, []).append(cell)
    return by_probe


def row_label(cell: CellVerdict) -> str:
    """The cell's name without its server."""
    server = cell.factors.get("server")
    parts = cell.cell.split("-")
    if server in parts:
        parts.remove(server)
    return "-".join(parts) or cell.cell


def _column(server: str) -> tuple[int, str]:
    """The order of the table; a server that is not in it comes last."""
    known = [*axes.TABLE.axis("server").tokens]
    return (known.index(server) if server in known else len(known), server)
