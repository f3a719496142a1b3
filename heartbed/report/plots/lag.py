"""How late the machine woke a thread that sleeps 10 ms: what every time in the report is to be trusted by."""

from __future__ import annotations

from typing import Any

from heartbed.record.kinds import MachineLag
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.values import CellVerdict

PLACE = "run"
ORDER = 0

X = {
    "field": "t",
    "type": "quantitative",
    "title": "seconds since the run began",
    "scale": {"nice": False, "zero": False},
}

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": 110,
    "config": CONFIG,
    "params": [{"name": "origin", "value": 0}],
    "layer": [
        {
            "data": {"name": "idle"},
            "mark": {"type": "rect", "fill": "var(--idle)"},
            "encoding": {"x": X, "x2": {"field": "end"}},
        },
        {
            "data": {"name": "lag"},
            "mark": {"type": "bar", "width": 3, "color": "var(--frame)", "tooltip": {"content": "data"}},
            "encoding": {
                "x": X,
                "y": {"field": "ms", "type": "quantitative", "title": "lag, ms", "axis": {"tickCount": 4}},
            },
        },
    ],
}


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The lag of the machine over the run; None where it was not measured."""
    events = run.of_kind(MachineLag)
    if cell is not None or not events or run.shards:  # each has a machine, and a clock, of its own
        return None
    origin = run.verdict.started
    idle = [tuple(round(t - origin, 3) for t in idle) for idle in run.idles]
    rows = [(round(e.t - origin, 3), round(e.data.max_ms, 2), "scheduler lag") for e in events]
    return Figure(
        heading="Scheduler lag",
        title=f"Scheduler lag over the run: at most {max(row[1] for row in rows):g} ms",
        tables={"lag": Table(("t", "ms", "what"), rows), "idle": Table(("t", "end"), idle)},
        params={"origin": origin},
        legend=(("idle", "the idle period"),) if idle else (),
    )
