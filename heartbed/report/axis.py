"""The parts that plots over a cell's time have in common: its axis, its bands, and how a layer is made."""

from __future__ import annotations

from typing import Any

from heartbed.record.kinds import Intervention
from heartbed.record.rounds import rounds
from heartbed.report import timeline
from heartbed.report.data import RunData
from heartbed.report.figure import Table
from heartbed.verdict.values import CellVerdict

DONE = ("done", "what the probe did")
IDLE = ("idle", "the idle time")


def over(title: str | dict[str, str]) -> dict[str, Any]:
    """The axis of time, in seconds since what the title says: a figure's own parameter for ``ZERO``."""
    return {
        "field": "t",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False, "padding": 6},
        "axis": {"title": title, "tickCount": {"expr": "max(2, width / 70)"}},
    }


ZERO = {"expr": "zero"}
CLOCK = ({"name": "origin", "value": 0}, {"name": "zero", "value": ""})
"""The parameters of a plot on a cell's clock."""

SINCE_ZERO = over(ZERO)


def clock(zero: timeline.Zero) -> dict[str, Any]:
    """What fills them."""
    return {"origin": zero.t, "zero": zero.seconds_since}


def layer(name: str, mark: dict[str, Any], x: dict[str, Any], **encoding: Any) -> dict[str, Any]:
    """A layer that draws the table of that name; what is under the pointer is told by the page's script."""
    defaults = {"clip": True, "tooltip": {"content": "data"}}
    return {"name": name, "data": {"name": name}, "mark": defaults | mark, "encoding": {"x": x} | encoding}


def bands(x: dict[str, Any] = SINCE_ZERO) -> list[dict[str, Any]]:
    """The layers behind all others: the idle time, and what the probe did."""
    end = {"field": "end"}
    return [
        layer("idle", {"type": "rect", "fill": "var(--idle)", "tooltip": None}, x, x2=end),
        layer("done", {"type": "rect", "fill": "var(--lost)", "opacity": 0.14, "minBandSize": 3}, x, x2=end),
    ]


def tables(run: RunData, cell: CellVerdict, origin: float, end: float) -> dict[str, Table]:
    """What fills the bands; what is not over lasts until ``end`` (seconds on the figure's clock)."""
    idle = [(round(begun - origin, 4), round(ended - origin, 4)) for begun, ended in _idles(run, cell)]
    done = [_band(each, origin, end) for each in run.interventions(cell)]
    return {"idle": Table(("t", "end"), idle), "done": Table(("t", "end", "what"), done)}


def _idles(run: RunData, cell: CellVerdict) -> list[tuple[float, float]]:
    """When the cell idled: in each of its rounds, or once."""
    history = run.history(cell)
    if history is not None and len(played := rounds(history)) > 1:
        return [(each.begun, each.asked) for each in played]
    until = timeline.idle_end(run, cell)
    return [] if until is None else [(timeline.idle_start(run, cell), until)]


def _band(each: Intervention, origin: float, end: float) -> tuple[float, float, str]:
    until = end if each.ended is None else round(each.ended - origin, 4)
    return round(each.begun - origin, 4), until, f"{each.who} {each.what} {each.where}"


def legend(filled: dict[str, Table]) -> tuple[tuple[str, str], ...]:
    """The signs of those bands that there are."""
    return tuple(sign for sign in (IDLE, DONE) if filled[sign[0]].rows)
