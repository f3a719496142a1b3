"""How long each request took, when it was sent, and what became of it: bursts, pages, and those around a fault."""

from __future__ import annotations

from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import Request
from heartbed.report import axis, timeline
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.report.words import milliseconds
from heartbed.verdict.values import CellVerdict

PLACE = "cell"
ORDER = 5

FEWEST = 8
"""Of fewer requests the timeline of the wire shows as much."""

LEAST_MS = 0.1

STATES = ("answered", "wrong", "unanswered")

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": 150,
    "config": CONFIG,
    "params": [*axis.CLOCK],
    "layer": [
        *axis.bands(),
        axis.layer(
            "latencies",
            {"type": "point", "size": 42, "strokeWidth": 1.6, "opacity": 1},
            axis.SINCE_ZERO,
            y={
                "field": "took ms",
                "type": "quantitative",
                "title": "ms, logarithmic",
                "scale": {"type": "log", "nice": True},
                "axis": {"values": [1, 10, 100, 1000, 10_000, 100_000], "format": "~s"},
            },
            shape={
                "field": "state",
                "type": "nominal",
                "scale": {"domain": STATES, "range": ["circle", "square", "cross"]},
                "legend": None,
            },
            stroke={
                "field": "state",
                "type": "nominal",
                "scale": {"domain": STATES, "range": ["var(--client)", "var(--lost)", "var(--hung)"]},
                "legend": None,
            },
            fill={
                "field": "state",
                "type": "nominal",
                "scale": {"domain": STATES, "range": ["transparent", "var(--lost)", "var(--hung)"]},
                "legend": None,
            },
        ),
    ],
}

LEGEND = {
    "answered": ("answered", "answered right"),
    "wrong": ("wrong", "answered with an error, or refused"),
    "unanswered": ("unanswered", "no answer until it was given up"),
}


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The requests of a cell; None where they are few, or there is no cell."""
    asked = [] if cell is None else [event for event in run.of_cell(cell, Request) if event.data.what != "facts"]
    if cell is None or len(asked) < FEWEST:
        return None
    zero = timeline.zero(run, cell)
    origin = zero.t
    rows = [_row(event, origin) for event in asked]
    filled = axis.tables(run, cell, origin, max(row[0] for row in rows))
    states = [state for state in STATES if any(row[2] == state for row in rows)]
    return Figure(
        heading="How long requests took",
        title=f"Requests to {cell.cell}: {_summary(asked)}",
        tables={"latencies": Table(("t", "what", "state", "took ms", "answer"), rows), **filled},
        params=axis.clock(zero),
        legend=(*(LEGEND[state] for state in states), *axis.legend(filled)),
    )


def _row(event: Event[Request], origin: float) -> tuple[float, str, str, float, str]:
    data = event.data
    part = data.burst or data.phase
    said = str(data.status or data.error or "no answer")
    took = round(max(LEAST_MS, data.ms), 2)
    return round(event.t - origin, 4), f"{data.what} ({part})", _state(data), took, said


def _state(data: Request) -> str:
    if data.status is None:
        return "unanswered"
    return "wrong" if data.failed else "answered"


def _summary(asked: list[Event[Request]]) -> str:
    good = sorted(event.data.ms for event in asked if not event.data.failed)
    if not good:
        return f"none of {len(asked)} was answered right"
    middle, slowest = milliseconds(good[len(good) // 2]), milliseconds(good[-1])
    return f"{len(good)} of {len(asked)} answered right, in {middle} in the median, {slowest} at the most"
