"""The record, sorted by connection and by cell. Pure: reads events, decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from heartbed.record.event import Event


class Purpose(StrEnum):
    """What oslo.messaging opened a connection for."""

    SEND = "SEND"
    LISTEN = "LISTEN"
    UNKNOWN = "UNKNOWN"


CLIENT_METHODS = {"basic.consume": Purpose.LISTEN, "basic.publish": Purpose.SEND}


@dataclass
class ConnectionHistory:
    """All that was observed of one AMQP connection, in order of time."""

    conn: str
    cell: str
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Event]:
        """Events of these kinds."""
        return [event for event in self.events if event.kind in kinds]

    def first(self, kind: str, **data: object) -> Event | None:
        """The first event of a kind whose data holds these values."""
        for event in self.events:
            if event.kind == kind and all(event.data.get(key) == value for key, value in data.items()):
                return event
        return None

    @cached_property
    def created(self) -> Event | None:
        """The broker's own word that the connection was opened."""
        return self.first("broker.connection.created")

    @cached_property
    def opened(self) -> float:
        """When it was opened, epoch seconds: its SYN where there is a capture, else the broker's event."""
        return min(event.t for event in self.events)

    @cached_property
    def pid(self) -> int | None:
        """The process that opened it."""
        return next((event.pid for event in self.events if event.pid is not None), None)

    @cached_property
    def timeout_s(self) -> float | None:
        """The negotiated heartbeat timeout; 0 when heartbeats are off."""
        timeout = self.created.data.get("timeout_s") if self.created else None
        return None if timeout is None else float(timeout)

    @cached_property
    def purpose(self) -> Purpose:
        """SEND or LISTEN: a connection with a consumer listens, one that only publishes sends."""
        if self.of("broker.consumer.created"):
            return Purpose.LISTEN
        methods = [CLIENT_METHODS.get(str(f.data.get("method"))) for f in self.frames("client")]
        if Purpose.LISTEN in methods:
            return Purpose.LISTEN
        # Without a consumer a channel can only have been opened to publish.
        if Purpose.SEND in methods or self.of("broker.channel.created"):
            return Purpose.SEND
        return Purpose.UNKNOWN

    def frames(self, sender: str, kind: str | None = None) -> list[Event]:
        """AMQP frames of ``client`` or ``broker`` in the capture, of one type or of all."""
        return [
            event
            for event in self.of("wire.frame")
            if event.data.get("from") == sender and kind in (None, event.data.get("type"))
        ]

    @cached_property
    def captured(self) -> bool:
        """Whether the capture holds this connection."""
        return bool(self.of("wire.open", "wire.frame"))

    @cached_property
    def wire_close(self) -> Event | None:
        """The first FIN or RST."""
        return next(iter(self.of("wire.close")), None)

    @cached_property
    def log_close(self) -> Event | None:
        """The broker's log entry that says why it closed: the one with a reason, else the first."""
        entries = self.of("broker.log")
        telling = [entry for entry in entries if entry.data.get("reason") != "other"]
        return next(iter(telling or entries), None)

    @cached_property
    def close_event(self) -> Event | None:
        """The broker's event that the connection is closed."""
        return self.first("broker.connection.closed")

    @cached_property
    def closed(self) -> float | None:
        """When it was closed, epoch seconds: the capture's FIN or RST, else the broker's event, else its log.

        RabbitMQ writes its log entry before it closes, on a busy machine up to 0.1 s before.
        """
        told = self.log_close if self.log_close and self.log_close.data.get("reason") != "other" else None
        return next((event.t for event in (self.wire_close, self.close_event, told) if event is not None), None)

    @cached_property
    def close_reason(self) -> str | None:
        """The reason the broker's log gives; ``unlogged`` when it closed without a word."""
        if self.closed is None:
            return None
        return str(self.log_close.data.get("reason")) if self.log_close else "unlogged"

    @cached_property
    def closed_by(self) -> str | None:
        """Who closed: ``broker``, ``client`` or ``unknown``."""
        if self.closed is None:
            return None
        if self.close_reason == "missed_heartbeats":
            return "broker"
        if self.wire_close is not None:
            return str(self.wire_close.data["from"])
        return "client" if self.close_reason in ("client_closed", "clean") else "unknown"

    def last_client_octet(self, before: float) -> float | None:
        """When the client last sent anything up to ``before``; None without capture."""
        times = [event.t for event in self.frames("client") if event.t <= before]
        return times[-1] if times else None

    def longest_silence(self, until: float) -> tuple[float, float] | None:
        """Start and length (seconds) of the client's longest silence up to ``until``; None without capture."""
        times = [event.t for event in self.frames("client") if event.t <= until]
        if not times:
            return None
        ends = [*times[1:], until]
        return max(((start, end - start) for start, end in zip(times, ends, strict=True)), key=lambda gap: gap[1])


@dataclass
class CellHistory:
    """All that was observed of one cell."""

    name: str
    asked: dict[str, Any]
    probe: str = "idle"
    events: list[Event] = field(default_factory=list)
    connections: list[ConnectionHistory] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Event]:
        """Events of these kinds that are the cell's own."""
        return [event for event in self.events if event.kind in kinds]

    def requests(self, *phases: str) -> list[Event]:
        """Requests sent in these phases."""
        return [event for event in self.of("request") if event.data.get("phase") in phases]

    def looks(self, kind: str, pid: int | None) -> list[Event]:
        """What was seen of one process: ``process.stacks`` or ``process.greenlets`` that could be had."""
        return [event for event in self.of(kind) if event.pid == pid and "error" not in event.data]

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the application said it is; empty when it was not asked."""
        return next((dict(event.data) for event in self.of("app.facts")), {})

    @cached_property
    def idle_from(self) -> float | None:
        """When the last request before the idle period, which is one that needs RabbitMQ, had been answered."""
        ends = [event.t + float(event.data["ms"]) / 1000 for event in self.requests("open", "before")]
        return max(ends, default=None)

    @cached_property
    def asked_again(self) -> float | None:
        """When the first request after the idle period was sent."""
        return min((event.t for event in self.requests("after")), default=None)


@dataclass
class RunHistory:
    """One run: its first event, its cells, and what belongs to no cell."""

    start: Event
    end: Event | None
    last_t: float
    events: Sequence[Event]
    cells: list[CellHistory]
    others: dict[str, list[ConnectionHistory]]

    def of(self, *kinds: str) -> list[Event]:
        """Events of these kinds, in order of time."""
        return [event for event in self.events if event.kind in kinds]

    def phase(self, name: str) -> Event | None:
        """When the run entered a phase."""
        return next((event for event in self.of("run.phase") if event.data.get("phase") == name), None)


def sort(events: Iterable[Event]) -> RunHistory:
    """Sort the events of a record, of which the first is ``run.start``."""
    given = list(events)
    start = given[0]
    ordered = sorted(given, key=lambda event: event.t)
    by_conn: dict[str, list[Event]] = defaultdict(list)
    by_cell: dict[str, list[Event]] = defaultdict(list)
    for event in ordered:
        if event.conn is not None:
            by_conn[event.conn].append(event)
        if event.cell is not None:
            by_cell[event.cell].append(event)
    connections: dict[str, list[ConnectionHistory]] = defaultdict(list)
    for conn, own in by_conn.items():
        # The broker's own event knows the client's name; what is known by the address alone may be another's.
        told = sorted(own, key=lambda event: event.kind != "broker.connection.created")
        owner = next((event.cell for event in told if event.cell is not None), None)
        if owner is not None:
            connections[owner].append(ConnectionHistory(conn, owner, own))
    probe = str(start.data.get("probe", "idle"))
    cells = [
        CellHistory(asked["name"], dict(asked), probe, by_cell[asked["name"]], connections.pop(asked["name"], []))
        for asked in start.data.get("cells", [])
    ]
    for cell in cells:
        cell.connections.sort(key=lambda connection: connection.opened)
    return RunHistory(
        start=start,
        end=next((event for event in given if event.kind == "run.end"), None),
        last_t=ordered[-1].t,
        events=ordered,
        cells=cells,
        others=dict(connections),
    )
