"""How many connections a cell had open, over the whole run."""

from __future__ import annotations

from typing import Any

from heartbed.record.connection import ConnectionHistory, Purpose
from heartbed.report import axis, timeline
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.values import CellVerdict

PLACE = "connections"
ORDER = 8

MOST_TICKS = 4
"""Fewer where there are fewer connections: none lies between two whole numbers."""

NAMES = ["SEND", "LISTEN", "UNKNOWN"]

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": 110,
    "config": CONFIG,
    "params": [*axis.CLOCK, {"name": "ticks", "value": 4}],
    "layer": [
        *axis.bands(),
        axis.layer(
            "open",
            {"type": "line", "interpolate": "step-after", "strokeWidth": 1.8},
            axis.SINCE_ZERO,
            y={
                "field": "open",
                "type": "quantitative",
                "title": "open",
                "scale": {"zero": True, "padding": 3},
                "axis": {"tickCount": {"expr": "ticks"}, "format": "d"},
            },
            color={
                "field": "lane",
                "type": "nominal",
                "scale": {"domain": NAMES, "range": ["var(--client)", "var(--broker)", "var(--frame)"]},
                "legend": None,
            },
            strokeDash={
                "field": "lane",
                "type": "nominal",
                "scale": {"domain": NAMES, "range": [[1, 0], [5, 3], [2, 3]]},
                "legend": None,
            },
        ),
    ],
}

PURPOSES = {
    Purpose.SEND: ("send", "connections that send (SEND)"),
    Purpose.LISTEN: ("listen", "connections that wait for replies (LISTEN)"),
    Purpose.UNKNOWN: ("purpose-unknown", "connections whose purpose was not seen"),
}


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The connections of a cell that the broker had taken; None where it had none."""
    history = run.history(cell) if cell else None
    if cell is None or history is None:
        return None
    zero = timeline.zero(run, cell)
    origin = zero.t
    taken = [conn for conn in history.connections if conn.answered]
    if not taken:
        return None
    last = max(event.t for event in run.all_of_cell(cell))
    rows = [row for purpose in PURPOSES for row in _steps(purpose, taken, origin, last)]
    filled = axis.tables(run, cell, origin, round(last - origin, 4))
    shown = [sign for purpose, sign in PURPOSES.items() if any(row[1] == purpose for row in rows)]
    return Figure(
        heading="Open connections",
        title=f"Connections of {cell.cell}: {_most(taken)} at the most, {_open(taken, last)} at its end",
        tables={"open": Table(("t", "lane", "open", "what"), rows), **filled},
        params={**axis.clock(zero), "ticks": min(MOST_TICKS, max(row[2] for row in rows))},
        legend=(*shown, *axis.legend(filled)),
    )


def _steps(
    purpose: Purpose, taken: list[ConnectionHistory], origin: float, last: float
) -> list[tuple[float, str, int, str]]:
    """How many are open from each moment on in which one was opened or closed."""
    own = [conn for conn in taken if conn.purpose is purpose]
    moments = sorted({t for conn in own for t in (conn.opened, conn.closed) if t is not None and t <= last})
    counted = [(t, _open(own, t)) for t in (*moments, last)] if own else []
    return [(round(t - origin, 4), str(purpose), many, f"{purpose}: {many} open") for t, many in counted]


def _open(taken: list[ConnectionHistory], t: float) -> int:
    return sum(conn.opened <= t and (conn.closed is None or conn.closed > t) for conn in taken)


def _most(taken: list[ConnectionHistory]) -> int:
    return max(_open(taken, conn.opened) for conn in taken)
