"""What became of a cell whose processes were replaced by others while it was asked steadily.

No server closes its connections to RabbitMQ when it stops or replaces a process, be the application native or not. That
RabbitMQ says "client unexpectedly closed TCP connection", and keeps the queues for replies until they expire, is told
and held against nobody. Requests that were lost are, and connections that outlive what should have ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import ConsumerCreated, ProcessGone, ProcessSeen, QueueDeleted, Request
from heartbed.verdict import casts, hanging
from heartbed.verdict import cell as cells
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding
from heartbed.verdict.values import CellVerdict, Evidence, Renewal
from heartbed.wording import count, seconds

OPEN = "open"
"""What has become of a connection that nobody has closed."""

FATES = {
    "client_closed": "ended with the process, not closed by it",
    "clean": "closed by the client",
    "missed_heartbeats": "closed by RabbitMQ for missed heartbeats",
    OPEN: "still open",
}
"""Why RabbitMQ says that a connection was closed -> what is said of it."""


@dataclass(frozen=True)
class Span:
    """One renewal: from when to when it was done, until when what followed is put down to it; epoch seconds.

    ``old`` are the connections of the processes that it is about.
    """

    name: str
    begun: float
    done: float
    until: float
    old: Sequence[ConnectionHistory] = field(default=(), repr=False)

    def fate(self, conn: ConnectionHistory) -> str:
        """What became of a connection meanwhile."""
        return OPEN if conn.closed is None or conn.closed > self.until else conn.close_reason or "unlogged"

    @property
    def left(self) -> list[ConnectionHistory]:
        """Those of the old connections that are open at the end."""
        return [conn for conn in self.old if self.fate(conn) == OPEN]


Spans = Callable[[CellHistory, float], list[Span]]
"""Finds the renewals of a cell, until it was asked again (epoch seconds)."""


def judge(cell: CellHistory, last_t: float, blind: str, rules: cells.Rules, spans: Spans) -> CellVerdict:
    """Judge a cell by ``rules``, and tell of its renewals; the others are as for ``heartbed.verdict.cell.judge``."""
    verdict = cells.judge(cell, last_t, blind, rules)
    until = cell.asked_again if cell.asked_again is not None else last_t
    return verdict.model_copy(update={"renewals": [told(cell, span) for span in spans(cell, until)]})


def told(cell: CellHistory, span: Span) -> Renewal:
    """What became of processes, requests and connections."""
    asked = under(cell, span)
    answered = [event.data.ms for event in asked if not event.data.failed]
    return Renewal(
        name=span.name,
        begun=span.begun,
        took_s=round(span.done - span.begun, 3),
        processes_ended=len(ended(cell, span)) if cell.of(ProcessSeen) else None,
        sent=len(asked),
        lost=len(asked) - len(answered),
        slowest_ms=round(max(answered), 1) if answered else None,
        connections=dict(Counter(span.fate(conn) for conn in span.old)),
        connections_opened=len([c for c in cell.connections if c.answered and span.begun < c.opened <= span.until]),
        queues_left=len(queues_left(cell, span)),
    )


def end(event: Event[Request]) -> float:
    """When a request had been answered, or was given up; epoch seconds."""
    return event.t + event.data.ms / 1000


def under(cell: CellHistory, span: Span) -> list[Event[Request]]:
    """The requests that ended since it began: one that is under way when the next begins is that one's."""
    return [event for event in cell.requests("during") if span.begun < end(event) <= span.until]


def ended(cell: CellHistory, span: Span) -> list[Event[ProcessGone]]:
    """The processes that ended meanwhile, of those that had answered or had connections."""
    known = {c.pid for c in cell.connections if c.opened <= span.until}
    known |= {e.pid for e in cell.of(Request) if e.t <= span.until}
    return [e for e in cell.of(ProcessGone) if span.begun <= e.t <= span.until and e.pid in known - {None}]


def queues_left(cell: CellHistory, span: Span) -> set[str]:
    """The queues from which the old connections consumed, and that RabbitMQ has not deleted."""
    theirs = {e.data.queue for conn in span.old for e in conn.of(ConsumerCreated) if e.data.queue}
    return theirs - {event.data.name for event in cell.of(QueueDeleted)}


def words(done: Renewal) -> str:
    """What became of all, in words."""
    parts = []
    if done.processes_ended:
        parts.append(f"{count(done.processes_ended, 'process', 'es')} ended")
    lost = f"{done.lost} lost" if done.lost else "none lost"
    slowest = f", the slowest answered after {seconds(done.slowest_ms / 1000)}" if done.slowest_ms else ""
    parts.append(f"{count(done.sent, 'request')}, {lost}{slowest}")
    fates = ", ".join(f"{number} {FATES.get(fate, fate)}" for fate, number in done.connections.items())
    there = count(sum(done.connections.values()), "connection")
    parts.append(f"of {there} {fates}" if fates else "no connection ended")
    parts.append(f"{done.connections_opened} opened since")
    if done.queues_left:
        parts.append(f"{count(done.queues_left, 'reply queue')} left at RabbitMQ")
    return f"{done.name}: {'; '.join(parts)}"


def failures(asked: Sequence[Event[Request]]) -> list[Event[Request]]:
    """Those that failed; of those that several renewals have in common each once."""
    return list({event.data.number: event for event in asked if event.data.failed}.values())


def proven(failed: Sequence[Event[Request]], cell: CellHistory) -> list[Event[Request]]:
    """Without those whose answer may only have been late."""
    return [event for event in failed if not (hanging.unanswered(event) and hanging.unproven(event, cell))]


def how(failed: Sequence[Event[Request]]) -> str:
    """How requests failed, in words: ``3 refused or cut off, 1 answered 503``."""
    return ", ".join(f"{number} {each}" for each, number in Counter(map(_how, failed)).items())


def _how(event: Event[Request]) -> str:
    """A port that is published by the engine takes a connection before it refuses it: the two look alike."""
    if event.data.status is not None:
        return f"answered {event.data.status}"
    return "not answered" if hanging.never_returned(event) else "refused or cut off"


def casts_lost(case: Case) -> Finding | None:
    """A cast was answered with a success, and its message did not outlive the process."""
    return casts.finding(case.cell, case.until)


def closings(spans: Sequence[Span]) -> list[Evidence]:
    """What RabbitMQ says of the end of each connection."""
    closed = [c.log_close for span in spans for c in span.old if c.log_close is not None]
    return [piece for entry in closed for piece in cite(entry, entry.data.text)]
