"""What happened on the wire of one cell, as marks on one clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from heartbed.record.connection import Purpose
from heartbed.record.event import Event
from heartbed.record.kinds import Request, WireClose, WireFrame
from heartbed.record.rounds import rounds
from heartbed.report.data import RunData
from heartbed.verdict.values import CellVerdict, Connection

EARLIEST_CLOSE = 2.0
LATEST_CLOSE = 3.0
"""RabbitMQ's ``rabbit_heartbeat.erl`` samples the octets received once a timeout and closes after two samples
that did not change: between two and three timeouts after the last octet."""

BEGAN = "the idle period began"

PURPOSES = (Purpose.SEND, Purpose.LISTEN, Purpose.UNKNOWN)


@dataclass(frozen=True)
class Due:
    """When RabbitMQ may close after an octet of the client that no other followed in time (epoch seconds)."""

    last: float
    start: float
    end: float


@dataclass(frozen=True)
class Beats:
    """How many heartbeats a capture holds."""

    client: int
    broker: int


@dataclass(frozen=True)
class Zero:
    """The moment that a cell's clock counts from (epoch seconds), in everything that is told of it."""

    t: float
    what: str

    @property
    def seconds_since(self) -> str:
        """What stands below an axis of time."""
        return f"seconds since {self.what}"


def zero(run: RunData, cell: CellVerdict) -> Zero:
    """The client's last octet: before the loss that came first, else before the cell was left idle.

    Where the wire does not tell, or a cell idled several times, when its (first) idle period began.
    """
    idle = idle_start(run, cell)
    if _idled_often(run, cell):
        return Zero(idle, "the first idle period began")
    lost = [c for c in cell.connections if c.closed is not None and c.lost_after_s is not None]
    if lost:
        first = min(lost, key=lambda c: c.lost_after_s or 0.0)
        return Zero((first.closed or 0.0) - (first.lost_after_s or 0.0), "the client’s last octet")
    octets = [frame.t for c in cell.connections for frame in client_frames(run, c) if frame.t <= idle]
    return Zero(max(octets), "the client’s last octet before it idled") if octets else Zero(idle, BEGAN)


def origin(run: RunData, cell: CellVerdict) -> float:
    """The moment a cell's clock counts from (epoch seconds)."""
    return zero(run, cell).t


def _idled_often(run: RunData, cell: CellVerdict) -> bool:
    history = run.history(cell)
    return history is not None and len(rounds(history)) > 1


def idle_start(run: RunData, cell: CellVerdict) -> float:
    """When a cell's idle period, or its first, began (epoch seconds)."""
    history = run.history(cell)
    if history is not None and history.idle_from is not None and len(rounds(history)) > 1:
        return history.idle_from  # what is said of its connections may be of a later round
    starts = [connection.idle_from for connection in cell.connections if connection.idle_from is not None]
    if starts:
        return min(starts)
    if (idle := run.idle_of(cell)) is not None:
        return idle[0]
    events = run.all_of_cell(cell)
    return events[0].t if events else run.verdict.started


def idle_end(run: RunData, cell: CellVerdict) -> float | None:
    """When the first request after the idle period was sent, or the period ended by itself (epoch seconds)."""
    after = [event.t for event in run.of_cell(cell, Request) if event.data.phase == "after"]
    if after:
        return min(after)
    idle = run.idle_of(cell)
    return None if idle is None else idle[1]


def ordered(cell: CellVerdict) -> list[Connection]:
    """The cell's connections: process by process, SEND before LISTEN, in the order opened."""
    return sorted(cell.connections, key=lambda c: (c.pid or 0, PURPOSES.index(c.purpose), c.opened))


def title(connection: Connection, cell: CellVerdict) -> str:
    """``SEND``, with the process where the cell has several, and a number where one process has several."""
    alike = [c for c in ordered(cell) if (c.pid, c.purpose) == (connection.pid, connection.purpose)]
    pid = f" {connection.pid}" if len({c.pid for c in cell.connections}) > 1 else ""
    number = f" #{alike.index(connection) + 1}" if len(alike) > 1 else ""
    return f"{connection.purpose}{pid}{number}"


def frames(run: RunData, connection: Connection) -> list[Event[WireFrame]]:
    """The AMQP frames of a connection in order of time; empty without a capture."""
    return run.of_connection(connection, WireFrame)


def client_frames(run: RunData, connection: Connection) -> list[Event[WireFrame]]:
    """Those that the client sent."""
    return [frame for frame in frames(run, connection) if frame.data.sender == "client"]


def is_heartbeat(event: Event[WireFrame]) -> bool:
    """Whether a frame is a heartbeat."""
    return event.data.type == "heartbeat"


def beats(run: RunData, connection: Connection) -> Beats:
    """The heartbeats of both sides that the capture holds."""
    senders = [event.data.sender for event in frames(run, connection) if is_heartbeat(event)]
    return Beats(senders.count("client"), senders.count("broker"))


def ends(run: RunData, connection: Connection) -> list[Event[WireClose]]:
    """The FINs and RSTs of a connection."""
    return run.of_connection(connection, WireClose)


def dues(run: RunData, connection: Connection) -> Iterator[Due]:
    """When RabbitMQ may have closed: once for each silence of the client beyond two timeouts."""
    timeout = connection.timeout_s
    octets = [event.t for event in client_frames(run, connection)]
    if not timeout or not octets or connection.heartbeats_sent is None:
        return
    last_seen = run.events[-1].t
    closed = connection.closed if connection.closed is not None else last_seen
    for last, following in zip(octets, [*octets[1:], max(closed, octets[-1])], strict=True):
        if following - last >= EARLIEST_CLOSE * timeout:
            yield Due(last, last + EARLIEST_CLOSE * timeout, last + LATEST_CLOSE * timeout)
