"""The verdict on a cell whose processes were replaced by others while it was asked steadily.

No server closes its connections to RabbitMQ when it stops or replaces a process, native or not: that
RabbitMQ says "client unexpectedly closed TCP connection", and keeps the reply queues until they expire, is told, and
held against nobody. Requests that were lost are, and connections that live on with a process that should have ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import ConsumerCreated, Intervention, ProcessGone, ProcessSeen, QueueDeleted, Request
from heartbed.verdict import cell as cells
from heartbed.verdict import fault, hanging
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, failed, kept, leaked, recovered, unknown
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import CellVerdict, Evidence, Renewal
from heartbed.wording import count, seconds

RENEWAL = "renewal"
"""Among the details of an intervention: which way of replacing processes it was."""

RELOADED, RESTARTED, RECYCLED = "reload", "stop and start", "recycling"

OPEN = "open"
"""A connection that nobody has closed."""

FATES = {
    "client_closed": "ended with their process, not closed by it",
    "clean": "closed by the client",
    "missed_heartbeats": "closed by RabbitMQ for missed heartbeats",
    OPEN: "still open",
}
"""Why RabbitMQ says that a connection was closed -> what is said of it."""


@dataclass(frozen=True)
class Span:
    """One renewal: from when to when it was done, and until when what followed is put down to it; epoch seconds."""

    name: str
    begun: float
    done: float
    until: float


def spans(cell: CellHistory, until: float) -> list[Span]:
    """What the probe has done to the cell that replaces processes, each until the next."""
    done = sorted((each for each in cell.interventions if RENEWAL in each.details), key=lambda each: each.begun)
    ends = [*(each.begun for each in done[1:]), until]
    return [
        Span(str(each.details[RENEWAL]), each.begun, each.ended or each.begun, end)
        for each, end in zip(done, ends, strict=True)
    ]


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell whose server was told to renew itself; arguments as for ``heartbed.verdict.cell.judge``."""
    verdict = cells.judge(cell, last_t, blind, RULES)
    until = cell.asked_again if cell.asked_again is not None else last_t
    return verdict.model_copy(update={"renewals": [told(cell, span) for span in spans(cell, until)]})


def told(cell: CellHistory, span: Span) -> Renewal:
    """What became of processes, requests and connections."""
    asked, old = under(cell, span), _there(cell, span)
    answered = [event for event in asked if not event.data.failed]
    return Renewal(
        name=span.name,
        begun=span.begun,
        took_s=round(span.done - span.begun, 3),
        processes_ended=len(ended(cell, span)) if cell.of(ProcessSeen) else None,
        sent=len(asked),
        lost=len(asked) - len(answered),
        slowest_ms=round(max((event.data.ms for event in answered), default=0.0), 1) or None,
        connections=dict(Counter(_fate(conn, span) for conn in old)),
        connections_opened=len([c for c in cell.connections if c.answered and span.begun < c.opened <= span.until]),
        queues_left=len(queues_left(cell, old)),
    )


def under(cell: CellHistory, span: Span) -> list[Event[Request]]:
    """The requests that were under way when it began, or were sent before the next one."""
    return [e for e in cell.requests("during") if _end(e) > span.begun and e.t <= span.until]


def _end(event: Event[Request]) -> float:
    return event.t + event.data.ms / 1000


def _there(cell: CellHistory, span: Span) -> list[ConnectionHistory]:
    """The connections that were open when it began."""
    opened = [c for c in cell.connections if c.answered and c.opened <= span.begun]
    return [c for c in opened if c.closed is None or c.closed > span.begun]


def ended(cell: CellHistory, span: Span) -> list[Event[ProcessGone]]:
    """The processes with connections, or that had answered, which ended before the next one."""
    known = {c.pid for c in cell.connections if c.opened <= span.until}
    known |= {e.pid for e in cell.of(Request) if e.t <= span.until}
    return [e for e in cell.of(ProcessGone) if span.begun <= e.t <= span.until and e.pid in known - {None}]


def _fate(conn: ConnectionHistory, span: Span) -> str:
    return OPEN if conn.closed is None or conn.closed > span.until else conn.close_reason or "unlogged"


def queues_left(cell: CellHistory, connections: Sequence[ConnectionHistory]) -> set[str]:
    """The queues from which these connections consumed, and that RabbitMQ has not deleted."""
    theirs = {e.data.queue for conn in connections for e in conn.of(ConsumerCreated) if e.data.queue}
    return theirs - {event.data.name for event in cell.of(QueueDeleted)}


def words(done: Renewal) -> str:
    """What became of all, in words."""
    parts = []
    if done.processes_ended is not None:
        parts.append(f"{count(done.processes_ended, 'process', 'es')} ended")
    lost = f"{done.lost} lost" if done.lost else "none lost"
    slowest = f", the slowest answered after {seconds(done.slowest_ms / 1000)}" if done.slowest_ms else ""
    parts.append(f"{count(done.sent, 'request')}, {lost}{slowest}")
    fates = [f"{number} {FATES.get(fate, fate)}" for fate, number in done.connections.items()]
    parts.append(f"of {count(sum(done.connections.values()), 'connection')} {', '.join(fates)}")
    parts.append(f"{done.connections_opened} opened since")
    if done.queues_left:
        parts.append(f"{count(done.queues_left, 'reply queue')} left at RabbitMQ")
    return f"{done.name}: {'; '.join(parts)}"


def all_words(case: Case) -> str:
    """The same of each renewal."""
    return ". ".join(words(told(case.cell, span)) for span in spans(case.cell, case.until))


def _not_done(case: Case) -> Finding | None:
    if spans(case.cell, case.until):
        return None
    return unknown(Cause.SHORT_OBSERVATION, "nothing has replaced its processes")


def _failed_before(case: Case) -> Finding | None:
    """A request that failed before anything was done is the cell's own."""
    begun = spans(case.cell, case.until)[0].begun
    return wrong([event for event in case.cell.requests("during") if _end(event) <= begun], case)


def wrong(asked: Sequence[Event[Request]], case: Case) -> Finding | None:
    """That requests failed which nothing has disturbed."""
    bad = [event for event in asked if event.data.failed]
    if not bad:
        return None
    first = bad[0]
    if hanging.never_returned(first) or first.data.status == hanging.TIMED_OUT:
        return hanging.finding(first, case.cell)
    why = f"{len(bad)} of {count(len(asked), 'request')} failed before anything was done: {hanging.answer(first)}"
    return failed(Cause.REFUSED, why, *cite(first, hanging.answer(first)))


def _nothing_ended(case: Case) -> Finding | None:
    """Told to, the server has replaced none of its processes."""
    for span in spans(case.cell, case.until):
        old = _there(case.cell, span)
        untouched = old and all(_fate(conn, span) == OPEN for conn in old)
        if untouched and not ended(case.cell, span):
            return unknown(Cause.NOT_RENEWED, f"{span.name}: none of its processes ended", *_evidence(case))
    return None


def _still_there(case: Case) -> Finding | None:
    """Connections of processes that should have ended are open until the next renewal, or the end."""
    for span in spans(case.cell, case.until):
        left = [conn for conn in _there(case.cell, span) if _fate(conn, span) == OPEN]
        if left:
            why = (
                f"{span.name}: {count(len(left), 'connection')} of the processes there were before "
                f"{'is' if len(left) == 1 else 'are'} still open after {seconds(span.until - span.done)}. "
                f"{all_words(case)}"
            )
            return leaked(Cause.LEFT_OPEN, why, *cite(left[0].created, "opened before"), *_evidence(case))
    return None


def lost(cell: CellHistory, all_spans: Sequence[Span]) -> list[Event[Request]]:
    """The requests that failed, of those that were under way or sent since."""
    failures = [event for span in all_spans for event in under(cell, span) if event.data.failed]
    return list({event.data.number: event for event in failures}.values())


def how(failures: Sequence[Event[Request]]) -> str:
    """How they failed, in words: ``3 refused or cut off, 1 answered 503``."""
    told_ = Counter(_how(event) for event in failures)
    return ", ".join(f"{number} {each}" for each, number in told_.items())


def _how(event: Event[Request]) -> str:
    if event.data.status is not None:
        return f"answered {event.data.status}"
    return "not answered" if hanging.never_returned(event) else "refused or cut off"


def _lost_meanwhile(case: Case) -> Finding | None:
    found = spans(case.cell, case.until)
    failures = lost(case.cell, found)
    if not failures:
        return None
    after_s = max(_back_after(case.cell, span) for span in found)
    many = count(len(failures), "request")
    why = f"it lost {many} ({how(failures)}), and was well again by itself. {all_words(case)}"
    return recovered(after_s, why, *cite(failures[0], hanging.answer(failures[0])), *_evidence(case))


def _back_after(cell: CellHistory, span: Span) -> float:
    """How long after it was done the first request was right of those that followed the last failure, seconds."""
    asked = sorted(under(cell, span), key=lambda event: event.t)
    if not any(event.data.failed for event in asked):
        return 0.0
    right = [_end(after) for before, after in pairwise(asked) if before.data.failed and not after.data.failed]
    return max(0.0, (right[-1] if right else span.until) - span.done)


def _smooth(case: Case) -> Finding:
    return kept(f"no request was lost. {all_words(case)}", *_evidence(case))


def _evidence(case: Case) -> list[Evidence]:
    """What was done, and what RabbitMQ says of the end of each connection that there was."""
    done = {(e.data.who, e.data.act, e.data.number): e for e in case.cell.of(Intervention) if RENEWAL in e.data.details}
    pieces = [piece for event in done.values() for piece in cite(event, f"{event.data.what} this cell")]
    for conn in {id(c): c for span in spans(case.cell, case.until) for c in _there(case.cell, span)}.values():
        pieces += cite(conn.log_close, conn.log_close.data.text if conn.log_close else "")
    return pieces


RULES: cells.Rules = (
    cells.not_started,
    cells.not_as_asked,
    cells.disturbed,
    cells.nothing_opened,
    _not_done,
    _failed_before,
    fault.never_well,
    _nothing_ended,
    _still_there,
    _lost_meanwhile,
    _smooth,
)
"""The first that finds something is the verdict."""

RELOADS = Rule(cell=judge)
"""A client outside every server, which is stopped and started, loses what is sent meanwhile, and is well again."""
