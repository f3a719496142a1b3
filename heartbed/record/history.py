"""The record, sorted by connection and by cell. Pure: reads events, decides nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from heartbed.record.event import Event, K, only
from heartbed.record.kinds import (
    AppFacts,
    AskedCell,
    BrokerLog,
    CellState,
    ChannelCreated,
    ConnectionClosed,
    ConnectionCreated,
    ConsumerCreated,
    Look,
    Request,
    RunEnd,
    RunPhase,
    RunStart,
    WireClose,
    WireFrame,
    WireOpen,
)


class Purpose(StrEnum):
    """What oslo.messaging opened a connection for."""

    SEND = "SEND"
    LISTEN = "LISTEN"
    UNKNOWN = "UNKNOWN"


L = TypeVar("L", bound=Look)

CLIENT_METHODS = {"basic.consume": Purpose.LISTEN, "basic.publish": Purpose.SEND}


@dataclass
class ConnectionHistory:
    """All that was observed of one AMQP connection, in order of time."""

    conn: str
    cell: str
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds."""
        return only(self.events, *kinds)

    @cached_property
    def created(self) -> Event[ConnectionCreated] | None:
        """The broker's own word that the connection was opened."""
        return next(iter(self.of(ConnectionCreated)), None)

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
        return self.created.data.timeout_s if self.created else None

    @cached_property
    def purpose(self) -> Purpose:
        """SEND or LISTEN: a connection with a consumer listens, one that only publishes sends."""
        if self.of(ConsumerCreated):
            return Purpose.LISTEN
        methods = [CLIENT_METHODS.get(f.data.method or "") for f in self.frames("client")]
        if Purpose.LISTEN in methods:
            return Purpose.LISTEN
        # Without a consumer a channel can only have been opened to publish.
        if Purpose.SEND in methods or self.of(ChannelCreated):
            return Purpose.SEND
        return Purpose.UNKNOWN

    def frames(self, sender: str, kind: str | None = None) -> list[Event[WireFrame]]:
        """AMQP frames of ``client`` or ``broker`` in the capture, of one type or of all."""
        return [e for e in self.of(WireFrame) if e.data.sender == sender and kind in (None, e.data.type)]

    @cached_property
    def captured(self) -> bool:
        """Whether the capture holds this connection."""
        return bool(self.of(WireOpen) or self.of(WireFrame))

    @cached_property
    def wire_close(self) -> Event[WireClose] | None:
        """The first FIN or RST."""
        return next(iter(self.of(WireClose)), None)

    @cached_property
    def log_close(self) -> Event[BrokerLog] | None:
        """The broker's log entry that says why it closed: the one with a reason, else the first."""
        entries = self.of(BrokerLog)
        telling = [entry for entry in entries if entry.data.reason != "other"]
        return next(iter(telling or entries), None)

    @cached_property
    def close_event(self) -> Event[ConnectionClosed] | None:
        """The broker's event that the connection is closed."""
        return next(iter(self.of(ConnectionClosed)), None)

    @cached_property
    def closed(self) -> float | None:
        """When it was closed, epoch seconds: the capture's FIN or RST, else the broker's event, else its log.

        RabbitMQ writes its log entry before it closes, on a busy machine up to 0.1 s before.
        """
        told = self.log_close if self.log_close and self.log_close.data.reason != "other" else None
        ends: tuple[Event | None, ...] = (self.wire_close, self.close_event, told)
        return next((event.t for event in ends if event is not None), None)

    @cached_property
    def close_reason(self) -> str | None:
        """The reason the broker's log gives; ``unlogged`` when it closed without a word."""
        if self.closed is None:
            return None
        return self.log_close.data.reason if self.log_close else "unlogged"

    @cached_property
    def closed_by(self) -> str | None:
        """Who closed: ``broker``, ``client`` or ``unknown``."""
        if self.closed is None:
            return None
        if self.close_reason == "missed_heartbeats":
            return "broker"
        if self.wire_close is not None:
            return self.wire_close.data.sender
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
    """All that was observed of one cell under one probe."""

    name: str
    asked: AskedCell
    probe: str = "idle"
    events: list[Event] = field(default_factory=list)
    connections: list[ConnectionHistory] = field(default_factory=list)

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds that are the cell's own."""
        return only(self.events, *kinds)

    def requests(self, *phases: str) -> list[Event[Request]]:
        """Requests sent in these phases."""
        return [event for event in self.of(Request) if event.data.phase in phases]

    def looks(self, kind: type[L], pid: int | None) -> list[Event[L]]:
        """What was seen of one process: ``ProcessStacks`` or ``ProcessGreenlets`` that could be had."""
        return [event for event in self.of(kind) if event.pid == pid and event.data.error is None]

    @cached_property
    def said(self) -> AppFacts:
        """What the application said it is, at its fullest where it was asked more than once; empty when it was not."""
        told = [event.data for event in self.of(AppFacts)]
        return max(told, key=lambda facts: len(facts.told()), default=AppFacts())

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The same as plain data, with all that it said."""
        return self.said.told()

    @cached_property
    def left_out(self) -> str:
        """Why the others were played without it; empty where they were not."""
        return next((event.data.reason for event in self.of(CellState) if event.data.state == "left_out"), "")

    @cached_property
    def idle_from(self) -> float | None:
        """When the last request before the idle period, which is one that needs RabbitMQ, had been answered."""
        ends = [event.t + event.data.ms / 1000 for event in self.requests("open", "before")]
        return max(ends, default=None)

    @cached_property
    def asked_again(self) -> float | None:
        """When the first request after the idle period was sent."""
        return min((event.t for event in self.requests("after")), default=None)


def in_act(name: str, act: int) -> str:
    """What something is called that every act has one of: as in the first act, with the act's number in the others."""
    return name if act == 1 else f"{name}.{act}"


@dataclass
class RunHistory:
    """One run, or one act of it: its first event, its cells, and what belongs to no cell."""

    start: Event[RunStart]
    end: Event[RunEnd] | None
    last_t: float
    events: Sequence[Event]
    cells: list[CellHistory]
    others: dict[str, list[ConnectionHistory]]

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds, in order of time."""
        return only(self.events, *kinds)

    def phase(self, name: str) -> Event[RunPhase] | None:
        """When the run entered a phase."""
        return next((event for event in self.of(RunPhase) if event.data.phase == name), None)

    @cached_property
    def acts(self) -> list[RunHistory]:
        """The run act by act, each as a run of its own in which its controls have their usual names."""
        numbers = sorted({cell.asked.act for cell in self.cells})
        return [self._act(number) for number in numbers] if len(numbers) > 1 else [self]

    def _act(self, number: int) -> RunHistory:
        elsewhere = {id(phase) for phase in self.of(RunPhase) if phase.data.act not in (None, number)}
        events = [event for event in self.events if id(event) not in elsewhere]
        began = min((phase.t for phase in self.of(RunPhase) if phase.data.act == number), default=self.start.t)
        own = {name: in_act(name, number) for name in self.others}
        # What lives through all acts, such as the RPC server, is judged in each by what it had then.
        others = {
            name: self.others[own[name]] if own[name] in self.others else _since(began, connections)
            for name, connections in self.others.items()
        }
        cells = [cell for cell in self.cells if cell.asked.act == number]
        return replace(self, events=events, cells=cells, others=others)


def _since(t: float, connections: Sequence[ConnectionHistory]) -> list[ConnectionHistory]:
    return [each for each in connections if each.closed is None or each.closed >= t]


def sort(events: Iterable[Event]) -> RunHistory:
    """Sort the events of a record, of which the first is ``run.start``."""
    given = list(events)
    start = only(given[:1], RunStart)[0]
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
        told = sorted(own, key=lambda event: not isinstance(event.data, ConnectionCreated))
        owner = next((event.cell for event in told if event.cell is not None), None)
        if owner is not None:
            connections[owner].append(ConnectionHistory(conn, owner, own))
    cells = [
        CellHistory(
            name=asked.name,
            asked=asked,
            probe=asked.probe or start.data.probe,
            events=by_cell[asked.subject or asked.name],
            connections=connections.pop(asked.subject or asked.name, []),
        )
        for asked in start.data.cells
    ]
    for cell in cells:
        cell.connections.sort(key=lambda connection: connection.opened)
    return RunHistory(
        start=start,
        end=next(iter(only(given, RunEnd)), None),
        last_t=ordered[-1].t,
        events=ordered,
        cells=cells,
        others=dict(connections),
    )
