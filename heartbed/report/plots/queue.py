"""What piles up unread in a cell's AMQP sockets: the broker's heartbeats, when nobody runs the client."""

from __future__ import annotations

from typing import Any

from heartbed.record.kinds import Socket
from heartbed.report import axis, timeline
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.values import CellVerdict

PLACE = "connections"
ORDER = 10

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": 110,
    "config": CONFIG,
    "params": [*axis.CLOCK],
    "data": {"name": "queue"},
    "mark": {
        "type": "line",
        "interpolate": "step-after",
        "strokeWidth": 1.8,
        "point": {"size": 34, "filled": True, "tooltip": {"content": "data"}},
    },
    "encoding": {
        "x": {
            "field": "t",
            "type": "quantitative",
            "scale": {"nice": False, "zero": False},
            "axis": {"title": axis.ZERO, "tickCount": {"expr": "max(2, width / 70)"}},
        },
        "y": {"field": "octets", "type": "quantitative", "title": "unread bytes", "axis": {"tickCount": 4}},
        "color": {
            "field": "lane",
            "type": "nominal",
            "sort": None,
            "scale": {"range": ["var(--client)", "var(--broker)", "var(--lost)", "var(--kept)"]},
            "legend": {
                "title": None,
                "orient": "top",
                "labelColor": "var(--ink-2)",
                "labelFontSize": 12,
                "symbolType": "stroke",
            },
        },
        "strokeDash": {"field": "lane", "type": "nominal", "sort": None, "legend": None},
    },
}


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The receive queues of a cell's connections; None where nothing ever waited in one."""
    if cell is None:
        return None
    zero = timeline.zero(run, cell)
    origin = zero.t
    rows = []
    for connection in timeline.ordered(cell):
        title = timeline.title(connection, cell)
        for event in run.of_connection(connection, Socket):
            octets, state = event.data.rx_octets, event.data.state
            rows.append((round(event.t - origin, 4), title, octets, f"{state}, {octets} bytes unread"))
    if not any(row[2] for row in rows):
        return None
    most = max(row[2] or 0 for row in rows)
    return Figure(
        heading="Unread in the socket",
        title=f"Receive queues of {cell.cell}: at most {most} unread bytes",
        tables={"queue": Table(("t", "lane", "octets", "what"), rows)},
        params=axis.clock(zero),
    )
