"""All that was observed of one AMQP connection. Pure: reads events, decides nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from heartbed.record.by_kind import ByKind
from heartbed.record.event import Event, K
from heartbed.record.kinds import (
    OTHER,
    BrokerLog,
    ChannelCreated,
    ConnectionClosed,
    ConnectionCreated,
    ConsumerCreated,
    Socket,
    WireClose,
    WireFrame,
    WireMissing,
)


class Purpose(StrEnum):
    """What oslo.messaging opened a connection for."""

    SEND = "SEND"
    LISTEN = "LISTEN"
    UNKNOWN = "UNKNOWN"


END_S = 1.0
"""So much later than RabbitMQ's word on its end a connection's FIN or RST may come: it tells of it as it closes."""

CLIENT_METHODS = {"basic.consume": Purpose.LISTEN, "basic.publish": Purpose.SEND}


@dataclass
class ConnectionHistory:
    """All that was observed of one AMQP connection, in order of time."""

    conn: str
    cell: str
    events: list[Event] = field(default_factory=list)
    capture_end: float = math.inf
    """When the last packet of the run was captured, epoch seconds."""

    @cached_property
    def _by_kind(self) -> ByKind:
        return ByKind(self.events)

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds."""
        return self._by_kind.of(*kinds)

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
    def holders(self) -> tuple[int | None, ...]:
        """The processes that hold it: the one that opened it, first, and those that were forked from that since."""
        heirs = sorted({pid for event in self.of(Socket) for pid in event.data.pids} - {self.pid})
        return (self.pid, *heirs)

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

    def captured(self, until: float) -> bool:
        """Whether the capture holds all that the client sent up to a moment (epoch seconds).

        RabbitMQ beats twice a timeout: a capture that goes on has packets at least so often.
        """
        goes_on = until <= self.capture_end + (self.timeout_s or 0.0)
        return bool(self.frames("client")) and not self.of(WireMissing) and goes_on

    def unused(self, until: float) -> bool:
        """Whether the capture shows that the client has neither sent nor asked for a message on it by then."""
        used = any((f.data.method or "").startswith("basic.") for f in self.frames("client"))
        return self.captured(until) and not used

    @cached_property
    def answered(self) -> bool:
        """Whether the broker took it: an attempt while nobody listens is in the capture too."""
        return self.created is not None or bool(self.frames("broker"))

    @cached_property
    def wire_close(self) -> Event[WireClose] | None:
        """The first FIN or RST."""
        return next(iter(self.of(WireClose)), None)

    @cached_property
    def log_close(self) -> Event[BrokerLog] | None:
        """The broker's log entry that says why it closed; others name the connection, too."""
        return next((entry for entry in self.of(BrokerLog) if entry.data.reason != OTHER), None)

    @cached_property
    def close_event(self) -> Event[ConnectionClosed] | None:
        """The broker's event that the connection is closed."""
        return next(iter(self.of(ConnectionClosed)), None)

    @cached_property
    def closed(self) -> float | None:
        """When it was closed, epoch seconds: the capture's FIN or RST, else the broker's event, else its log.

        RabbitMQ writes its log entry before it closes, on a busy machine up to 0.1 s before.
        """
        ends: tuple[Event | None, ...] = (self._captured_end, self.close_event, self.log_close)
        return next((event.t for event in ends if event is not None), None)

    @cached_property
    def _captured_end(self) -> Event[WireClose] | None:
        """The FIN or RST that ended it: none that comes long after RabbitMQ had told of its end."""
        told = self.close_event or self.log_close
        late = self.wire_close is not None and told is not None and self.wire_close.t > told.t + END_S
        return None if late else self.wire_close

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
        if self._captured_end is not None:
            return self._captured_end.data.sender
        return "client" if self.close_reason in ("client_closed", "clean") else "unknown"

    def last_client_octet(self, before: float) -> float | None:
        """When the client last sent anything up to ``before``; None without a whole capture."""
        times = [event.t for event in self.frames("client") if event.t <= before]
        return times[-1] if times and self.captured(before) else None

    def longest_silence(self, until: float) -> tuple[float, float] | None:
        """Start and length (seconds) of the client's longest silence up to ``until``; None without a whole capture."""
        times = [event.t for event in self.frames("client") if event.t <= until]
        if not times or not self.captured(until):
            return None
        ends = [*times[1:], until]
        return max(((start, end - start) for start, end in zip(times, ends, strict=True)), key=lambda gap: gap[1])
