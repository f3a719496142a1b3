"""What a cell held in each round of a soak, and the slope of it: what is counted, on one scale."""

from __future__ import annotations

from statistics import median
from typing import Any

from heartbed.record.rounds import rounds
from heartbed.report import axis, timeline
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.growth import Series, series
from heartbed.verdict.slope import slope
from heartbed.verdict.soak import words
from heartbed.verdict.values import CellVerdict, Growth

PLACE = "cell"
ORDER = 1

WHAT = ("connections", "queues", "file descriptors", "threads")
COLOURS = ("var(--client)", "var(--broker)", "var(--lost)", "var(--hung)")
SHAPES = ("circle", "square", "triangle-up", "diamond")


def spec(height: int, y: dict[str, Any], what: tuple[str, ...]) -> dict[str, Any]:
    """Points, their slope as a line, and the interval in which it lies as a band."""
    lane = {"field": "lane", "type": "nominal", "legend": None}
    colours = lane | {"scale": {"domain": what, "range": COLOURS[: len(what)]}}
    shapes = lane | {"scale": {"domain": what, "range": SHAPES[: len(what)]}}
    held = y | {"field": "held", "type": "quantitative"}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "config": CONFIG,
        "params": [*axis.CLOCK],
        "layer": [
            axis.layer(
                "interval",
                {"type": "area", "opacity": 0.16, "tooltip": None},
                axis.SINCE_ZERO,
                y=held | {"field": "low"},
                y2={"field": "high"},
                fill=colours,
            ),
            axis.layer(
                "slope", {"type": "line", "strokeWidth": 1.6, "tooltip": None}, axis.SINCE_ZERO, y=held, stroke=colours
            ),
            axis.layer(
                "held",
                {"type": "point", "size": 34, "opacity": 1, "strokeWidth": 1.2},
                axis.SINCE_ZERO,
                y=held,
                stroke=colours,
                fill=colours,
                shape=shapes,
            ),
        ],
    }


SPEC: dict[str, Any] = spec(
    170,
    {
        "title": "in all processes of the cell",
        "scale": {"zero": True, "padding": 6},
        "axis": {"tickCount": 5, "tickMinStep": 1},
    },
    WHAT,
)


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """What is counted in a cell, round after round; None without rounds."""
    return of(run, cell, WHAT, "What it held at the end of each idle time")


def of(run: RunData, cell: CellVerdict | None, what: tuple[str, ...], heading: str, scale: float = 1) -> Figure | None:
    """The figure of those series that are named so, each value divided by ``scale``."""
    history = run.history(cell) if cell else None
    if cell is None or history is None or not cell.growth:
        return None
    zero = timeline.zero(run, cell)
    origin = zero.t
    shown = [each for each in series(history, rounds(history)) if each.what in what]
    if not shown:
        return None
    grown = {each.what: each for each in cell.growth}
    held = [
        (round(t - origin, 3), each.what, round(value / scale, 3), f"{each.what}: {value / scale:.4g}")
        for each in shown
        for t, value in each.points
    ]
    lines = [_line(each, origin, scale) for each in shown if each.what in grown]
    return Figure(
        heading=heading,
        title=f"{heading} of {cell.cell}: {'; '.join(words(grown[each.what]) for each in shown if each.what in grown)}",
        tables={
            "held": Table(("t", "lane", "held", "what"), held),
            "slope": Table(("t", "lane", "held"), [row for line in lines for row in line[0]]),
            "interval": Table(("t", "lane", "low", "high"), [row for line in lines for row in line[1]]),
        },
        params=axis.clock(zero),
        legend=tuple((_sign(each.what), _meaning(each.what, grown)) for each in shown),
    )


def _line(each: Series, origin: float, scale: float) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The slope as a line through the middle of the points, and the band of all slopes that are as likely."""
    fitted = slope(each.points)
    times = sorted(t for t, _ in each.points)
    middle = (times[0] + times[-1]) / 2
    usual = median(value - fitted.slope * (t - middle) for t, value in each.points)

    def at(t: float, rise: float) -> float:
        return round((usual + rise * (t - middle)) / scale, 4)

    ends = (times[0], middle, times[-1])
    line = [(round(t - origin, 3), each.what, at(t, fitted.slope)) for t in ends]
    band = [(round(t - origin, 3), each.what, *sorted((at(t, fitted.low), at(t, fitted.high)))) for t in ends]
    return line, band


def _sign(what: str) -> str:
    return f"held-{what.replace(' ', '-')}"


def _meaning(what: str, grown: dict[str, Growth]) -> str:
    if what not in grown:
        return what
    return f"{words(grown[what])}{': grows' if grown[what].grows else ''}"
