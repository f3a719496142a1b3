"""``connections.csv``: one row a connection, for a spreadsheet or a data frame."""

from __future__ import annotations

import csv
import io

from heartbed.report.data import RunData
from heartbed.report.text import one_line
from heartbed.verdict.values import CellVerdict, Connection

FILE = "connections.csv"

FIELDS = (
    "conn",
    "purpose",
    "pid",
    "timeout_s",
    "opened",
    "idle_from",
    "closed",
    "closed_by",
    "close_reason",
    "heartbeats_sent",
    "heartbeats_received",
    "longest_gap_s",
    "lost_after_s",
    "outcome",
    "cause",
    "why",
)
"""Those attributes of a ``Connection`` that fit a table."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take text for a formula."""


def render(run: RunData) -> str:
    """A header and a row for each connection; a cell without one has a row with its own verdict."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("run", "cell", "probe", *FIELDS))
    for cell in run.verdict.cells:
        for connection in cell.connections or (None,):
            row = (run.verdict.run, cell.cell, cell.probe, *_values(cell, connection))
            writer.writerow([_plain(value) for value in row])
    return out.getvalue()


def _values(cell: CellVerdict, connection: Connection | None) -> list[object]:
    source: CellVerdict | Connection = connection or cell
    return [getattr(source, field, None) for field in FIELDS]


def _plain(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if text.startswith(FORMULA) else text
