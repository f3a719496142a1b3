"""The wire of one cell: heartbeats of both sides, requests, and the close with the time in which it was due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import Intervention, Request
from heartbed.report import axis, timeline
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.values import CellVerdict, Connection
from heartbed.wording import count

PLACE = "cell"
ORDER = 0

MOST_CONNECTIONS = 24
"""More lanes than these are no longer a picture; the others are in the table of connections."""

DIRECTIONS = {"client": "client → broker", "broker": "broker → client"}

X = {
    "field": "t",
    "type": "quantitative",
    "scale": {"zero": False, "nice": False},
    "axis": {"title": axis.ZERO, "tickCount": {"expr": "max(2, width / 70)"}},
}
END = {"field": "end"}
LANE = {"field": "lane", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False, "labelPadding": 8}}


def _layer(name: str, mark: dict[str, Any], **encoding: Any) -> dict[str, Any]:
    defaults = {"clip": True, "tooltip": {"content": "data"}}
    return {"name": name, "data": {"name": name}, "mark": defaults | mark, "encoding": {"x": X} | encoding}


def _when(test: str, then: str, otherwise: str) -> dict[str, Any]:
    return {"condition": {"test": test, "value": then}, "value": otherwise}


IS_CLIENT = "datum.sender === 'client'"

ZOOM = {
    "name": "zoom",
    "select": {"type": "interval", "encodings": ["x"], "zoom": "wheel![event.ctrlKey]"},
    "bind": "scales",
}

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": {"step": 26},
    "config": CONFIG,
    "params": [*axis.CLOCK],
    "layer": [
        _layer("lanes", {"type": "rule", "stroke": "var(--grid)", "tooltip": None}, x2=END, y=LANE)
        | {"params": [ZOOM]},
        _layer("idle", {"type": "rect", "fill": "var(--idle)", "tooltip": None}, x2=END),
        _layer("done", {"type": "rect", "fill": "var(--lost)", "opacity": 0.14, "minBandSize": 3}, x2=END),
        _layer("dues", {"type": "rect", "fill": "var(--due)"}, x2=END, y=LANE),
        _layer(
            "requests",
            {"type": "bar", "height": 12, "minBandSize": 3},
            x2=END,
            y=LANE,
            fill=_when("datum.state === 'failed'", "var(--lost)", "var(--request)"),
        ),
        _layer("frames", {"type": "tick", "thickness": 1.5, "size": 10, "color": "var(--frame)"}, y=LANE),
        _layer(
            "heartbeats",
            {"type": "point", "size": 80, "strokeWidth": 1.6, "opacity": 1},
            y=LANE,
            shape=_when(IS_CLIENT, "triangle-up", "triangle-down"),
            stroke=_when(IS_CLIENT, "var(--client)", "var(--broker)"),
            fill=_when(IS_CLIENT, "var(--client)", "var(--paper)"),
        ),
        _layer(
            "closes",
            {"type": "point", "shape": "cross", "angle": 45, "size": 190, "opacity": 1},
            y=LANE,
            fill={"value": "var(--lost)"},
            stroke={"value": "var(--paper)"},
        ),
        _layer(
            "closes",
            {"type": "text", "align": "left", "dx": 12, "fontWeight": 600, "color": "var(--lost)", "tooltip": None},
            y=LANE,
            text={"value": {"expr": "width < 420 ? '' : datum.what"}},
        )
        | {"name": "close_labels"},
    ],
}

LEGEND = (
    ("client-heartbeat", "heartbeat of the client"),
    ("broker-heartbeat", "heartbeat of the broker"),
    ("frame", "other AMQP frame"),
    ("request", "HTTP request"),
    ("due", "two to three timeouts after the client’s last octet: RabbitMQ may close"),
    ("close", "closed"),
)
DONE = ("done", "what the probe did")


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """The timeline of a cell; None where neither the wire nor a request was seen."""
    if cell is None:
        return None
    shown = timeline.ordered(cell)[:MOST_CONNECTIONS]
    requests = [event for event in run.of_cell(cell, Request) if event.data.what != "facts"]
    if not requests and not any(timeline.frames(run, c) for c in shown):
        return None
    zero = timeline.zero(run, cell)
    marks = _Marks(zero.t)
    marks.requests(requests)
    done = run.interventions(cell)
    marks.done(done)
    for connection in shown:
        marks.connection(run, connection, timeline.title(connection, cell))
    return Figure(
        heading="Timeline of the wire",
        title=f"The wire of {cell.cell}: {_summary(run, shown)}",
        tables=marks.tables(run, cell),
        params=axis.clock(zero),
        stops=("requests", "frames", "heartbeats", "closes"),
        legend=(*LEGEND, DONE) if done else LEGEND,
    )


def _summary(run: RunData, connections: list[Connection]) -> str:
    counts = [timeline.beats(run, c) for c in connections]
    client, broker = sum(c.client for c in counts), sum(c.broker for c in counts)
    own, on = count(client, "heartbeat"), count(len(connections), "connection")
    return f"{own} of the client and {broker} of the broker on {on}"


def stretch(figures: Sequence[Figure]) -> tuple[float, float]:
    """The stretch of time that holds all of several timelines."""
    ends = [row[1:] for figure in figures for row in figure.tables["lanes"].rows]
    return min((start for start, _ in ends), default=0.0), max((end for _, end in ends), default=0.0)


def over(figure: Figure, shown: tuple[float, float]) -> Figure:
    """The same timeline over that stretch."""
    lanes = figure.tables["lanes"]
    wider = Table(lanes.columns, [(row[0], *shown) for row in lanes.rows])
    return replace(figure, tables={**figure.tables, "lanes": wider})


class _Marks:
    """Collects the rows of the figure's tables, on its clock."""

    def __init__(self, origin: float) -> None:
        self.origin = origin
        self.lanes: list[str] = []
        self.rows: dict[str, list[tuple[Any, ...]]] = {
            name: [] for name in ("requests", "frames", "heartbeats", "closes", "dues", "done")
        }

    def at(self, t: float) -> float:
        return round(t - self.origin, 4)

    def done(self, defaults: list[Intervention]) -> None:
        """What the probe did: a band from its beginning to its end, or to the end of the picture."""
        for each in defaults:
            end = None if each.ended is None else self.at(each.ended)
            self.rows["done"].append((self.at(each.begun), end, f"{each.who} {each.what} {each.where}"))

    def requests(self, events: list[Event[Request]]) -> None:
        self.lanes.append("requests")
        for event in events:
            took, status = event.data.ms, event.data.status
            end = event.t + took / 1000
            good = status is not None and status < 400
            said = event.data.error or status or "no answer"
            what = f"{event.data.what} ({event.data.phase})"
            state = "answered" if good else "failed"
            self.rows["requests"].append((self.at(event.t), "requests", what, self.at(end), state, said, took))

    def connection(self, run: RunData, connection: Connection, title: str) -> None:
        lanes = {side: f"{title} {side}" for side in DIRECTIONS}
        self.lanes += lanes.values()
        for event in timeline.frames(run, connection):
            side = event.data.sender
            lane, direction, frame = (
                lanes.get(side, lanes["client"]),
                DIRECTIONS.get(side, "?"),
                event.data.frame,
            )
            if timeline.is_heartbeat(event):
                self.rows["heartbeats"].append((self.at(event.t), lane, "heartbeat", direction, frame, side))
            else:
                what = event.data.method or event.data.type
                self.rows["frames"].append((self.at(event.t), lane, what, direction, frame))
        for close in timeline.ends(run, connection):
            side, how = close.data.sender, close.data.how.upper()
            lane, what = lanes.get(side, lanes["client"]), f"{side} closed ({how})"
            row = (self.at(close.t), lane, what, DIRECTIONS.get(side, "?"), close.data.frame)
            self.rows["closes"].append(row)
        for due in timeline.dues(run, connection):
            what = "RabbitMQ may close (two to three timeouts after the client’s last octet)"
            start, end, last = self.at(due.start), self.at(due.end), self.at(due.last)
            self.rows["dues"] += [(start, end, lane, what, last) for lane in lanes.values()]

    def tables(self, run: RunData, cell: CellVerdict) -> dict[str, Table]:
        times = [row[0] for name in ("requests", "frames", "heartbeats", "closes") for row in self.rows[name]]
        times += [row[3] for row in self.rows["requests"]] + [row[1] for row in self.rows["dues"]]
        margin = 0.02 * (max(times) - min(times))
        start, end = round(min(times) - margin, 3), round(max(times) + margin, 3)
        self.rows["done"] = [(t, stop if stop is not None else end, what) for t, stop, what in self.rows["done"]]
        until = timeline.idle_end(run, cell)
        idle = [(self.at(timeline.idle_start(run, cell)), self.at(until))] if until is not None else []
        columns = {
            "requests": ("t", "lane", "what", "end", "state", "answer", "took ms"),
            "frames": ("t", "lane", "what", "direction", "frame"),
            "heartbeats": ("t", "lane", "what", "direction", "frame", "sender"),
            "closes": ("t", "lane", "what", "direction", "frame"),
            "dues": ("t", "end", "lane", "what", "last octet at"),
            "done": ("t", "end", "what"),
        }
        tables = {name: Table(columns[name], rows) for name, rows in self.rows.items()}
        tables["lanes"] = Table(("lane", "t", "end"), [(lane, start, end) for lane in self.lanes])
        tables["idle"] = Table(("t", "end"), idle)
        return tables
