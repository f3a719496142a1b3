"""What became of each connection under a fault: when broker and client noticed, and when there was another one.

Of a client it is known that it has noticed once its kernel closes the connection, which is looked at five times a
second, or a FIN or RST of its is in the capture.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Intervention, Request, Socket
from heartbed.report import axis
from heartbed.report.data import RunData
from heartbed.report.figure import CONFIG, Figure, Table
from heartbed.verdict.values import CellVerdict
from heartbed.wording import seconds

PLACE = "cell"
ORDER = 3

MOST = 12
"""Lanes."""

LETS_GO = ("FIN_WAIT1", "FIN_WAIT2", "LAST_ACK", "CLOSING", "TIME_WAIT")
"""States of a socket that its own program has closed."""

SINCE_FAULT = axis.over("seconds since the fault began")
LANE = {"field": "lane", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False, "labelPadding": 8}}


def _marks(name: str, shape: str, stroke: str, fill: str) -> dict[str, Any]:
    mark = {"type": "point", "shape": shape, "size": 110, "strokeWidth": 1.6, "opacity": 1}
    return axis.layer(name, mark | {"stroke": stroke, "fill": fill}, SINCE_FAULT, y=LANE)


SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "width": "container",
    "height": {"step": 26},
    "config": CONFIG,
    "params": [{"name": "origin", "value": 0}],
    "layer": [
        axis.layer(
            "lanes",
            {"type": "rule", "stroke": "var(--grid)", "tooltip": None},
            SINCE_FAULT,
            x2={"field": "end"},
            y=LANE,
        ),
        axis.bands(SINCE_FAULT)[1],
        axis.layer(
            "lives", {"type": "bar", "height": 5, "color": "var(--request)"}, SINCE_FAULT, x2={"field": "end"}, y=LANE
        ),
        _marks("broker", "triangle-down", "var(--broker)", "var(--paper)"),
        _marks("client", "triangle-up", "var(--client)", "var(--client)"),
        _marks("again", "circle", "var(--kept)", "var(--paper)"),
        _marks("well", "diamond", "var(--kept)", "var(--kept)"),
    ],
}

SIGNS = {
    "lives": ("life", "the connection that was open"),
    "broker": ("broker-heartbeat", "the broker closes it"),
    "client": ("client-heartbeat", "the client closes it"),
    "again": ("again", "another is opened"),
    "well": ("well", "the first request that is right"),
}


@dataclass(frozen=True)
class _Mark:
    kind: str
    t: float
    lane: str
    what: str


def figure(run: RunData, cell: CellVerdict | None) -> Figure | None:
    """What the first fault did to a cell; None where nothing was done that concerns its connections."""
    history = run.history(cell) if cell else None
    if cell is None or history is None or not cell.probe.startswith(FAULTS):
        return None
    done = run.interventions(cell)
    there = [c for c in history.connections if done and c.answered and c.opened <= done[0].begun]
    there = [c for c in there if c.closed is None or c.closed >= done[0].begun][:MOST]
    if not there:
        return None
    return _figure(cell, history, done[0], there)


FAULTS = ("firewall", "broker-", "soak:")


def _figure(cell: CellVerdict, history: CellHistory, done: Intervention, there: list[ConnectionHistory]) -> Figure:
    end = _until(history, done)
    lanes = {conn.conn: f"{conn.purpose} {conn.conn.rpartition(':')[2]}" for conn in there}
    marks = [mark for conn in there for mark in _of_connection(conn, lanes[conn.conn], done.begun, end)]
    marks += [*_opened_again(history, there, done.begun, end), *_well(history, done.begun, end)]
    last = max([end, *(mark.t for mark in marks)]) - done.begun
    rows = {
        kind: [(round(m.t - done.begun, 4), m.lane, m.what) for m in marks if m.kind == kind]
        for kind in ("broker", "client", "again", "well")
    }
    ends = {c.conn: round(min(c.closed or end, end) - done.begun, 4) for c in there}
    names = list(dict.fromkeys([*lanes.values(), *(m.lane for m in marks)]))
    over_s = round((done.ended or end) - done.begun, 4)
    signs = [SIGNS[kind] for kind in SIGNS if kind == "lives" or rows.get(kind)]
    return Figure(
        heading="Until it was noticed, and well again",
        title=f"{cell.cell} after {done.who} {done.what} {done.where}: {_summary(rows)}",
        tables={
            "lanes": Table(("lane", "t", "end"), [(name, 0, round(last, 3)) for name in names]),
            "done": Table(("t", "end", "what"), [(0, min(over_s, last), f"{done.who} {done.what} {done.where}")]),
            "lives": Table(
                ("t", "end", "lane", "what"), [(0, ends[c], lane, f"{lane}: open") for c, lane in lanes.items()]
            ),
            **{kind: Table(("t", "lane", "what"), of) for kind, of in rows.items()},
        },
        params={"origin": done.begun},
        legend=(*signs, axis.DONE),
    )


def _until(history: CellHistory, done: Intervention) -> float:
    """When what is shown ends: with the requests after the first fault, before the next one begins."""
    later = [each.begun for each in history.interventions if each.begun > done.begun and each.what == done.what]
    limit = min(later, default=float("inf"))
    ends = [e.t + e.data.ms / 1000 for e in history.requests("after") if e.t < limit]
    return max([done.ended or done.begun, *ends]) if not later else max(ends, default=limit)


def _of_connection(conn: ConnectionHistory, lane: str, since: float, until: float) -> Iterator[_Mark]:
    wire = conn.wire_close
    broker = [event.t for event in (conn.close_event, conn.log_close) if event is not None]
    broker = [wire.t] if wire and wire.data.sender == "broker" else broker  # to the microsecond
    if broker and since <= min(broker) <= until:
        yield _Mark(
            "broker", min(broker), lane, f"the broker closes it, {seconds(min(broker) - since)} after the fault began"
        )
    client = [e.t for e in conn.of(Socket) if e.data.state in LETS_GO or _gone_first(e, broker)]
    client += [wire.t] if wire and wire.data.sender == "client" else []
    client = [t for t in client if since <= t <= until]
    if client:
        yield _Mark(
            "client", min(client), lane, f"the client closes it, {seconds(min(client) - since)} after the fault began"
        )


def _gone_first(event: Event[Socket], broker: list[float]) -> bool:
    """Whether a socket is gone before the broker has said a word: its own side has closed it."""
    return event.data.state == "CLOSED" and all(event.t < t for t in broker)


def _opened_again(history: CellHistory, there: list[ConnectionHistory], since: float, until: float) -> Iterator[_Mark]:
    """The connections that were opened later, each on the lane of one of its purpose."""
    for purpose in dict.fromkeys(conn.purpose for conn in there):
        lanes = [f"{conn.purpose} {conn.conn.rpartition(':')[2]}" for conn in there if conn.purpose is purpose]
        later = [c for c in history.connections if c.purpose is purpose and c.answered and since < c.opened <= until]
        for conn, lane in zip(later, lanes, strict=False):
            yield _Mark(
                "again",
                conn.opened,
                lane,
                f"{conn.conn} is opened, {seconds(conn.opened - since)} after the fault began",
            )


def _well(history: CellHistory, since: float, until: float) -> Iterator[_Mark]:
    """For each kind of request the first that was right after the fault began."""
    asked = [e for e in history.of(Request) if since <= e.t <= until and e.data.needs_rabbitmq and not e.data.failed]
    for what in dict.fromkeys(event.data.what for event in asked):
        first = min((e for e in asked if e.data.what == what), key=lambda e: e.t + e.data.ms / 1000)
        t = first.t + first.data.ms / 1000
        yield _Mark("well", t, f"{what}s", f"a {what} is answered right, {seconds(t - since)} after the fault began")


def _summary(rows: dict[str, list[tuple[float, str, str]]]) -> str:
    words = {"broker": "the broker has closed the first", "client": "the client", "again": "another one is opened"}
    said = [f"{word} after {seconds(min(row[0] for row in rows[kind]))}" for kind, word in words.items() if rows[kind]]
    return ", ".join(said) or "no connection was closed"
