"""The verdict on a cell under bursts: whether every request was answered, and what was left over."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Request
from heartbed.verdict import casts, hanging, leftover, tries
from heartbed.verdict import cell as cells
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, failed, kept, leaked, recovered
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import Burst, CellVerdict, Outcome
from heartbed.wording import count, seconds


def judge(cell: CellHistory, last_t: float, blind: str = "", rules: cells.Rules | None = None) -> CellVerdict:
    """Judge a cell under bursts; arguments as for ``heartbed.verdict.cell.judge``."""
    verdict = cells.judge(cell, last_t, blind, rules or RULES)
    sent = bursts(cell)
    known = verdict.outcome is not Outcome.INCONCLUSIVE
    return verdict.model_copy(update={"bursts": sent, "tries": tries.of_bursts(cell, sent) if known else None})


def bursts(cell: CellHistory) -> list[Burst]:
    """Every burst of the cell, in order of time."""
    sent: dict[tuple[str, int], list[Event[Request]]] = defaultdict(list)
    for event in cell.of(Request):
        if event.data.burst:
            sent[event.data.burst, event.data.attempt].append(event)
    return [_burst(name, attempt, events, cell) for (name, attempt), events in sent.items()]


def _burst(name: str, attempt: int, sent: Sequence[Event[Request]], cell: CellHistory) -> Burst:
    answered = [event for event in sent if event.data.status is not None]
    took = sorted(event.data.ms for event in answered)
    until = max(_end(event) for event in sent)
    return Burst(
        name=name,
        attempt=attempt,
        sent=len(sent),
        right=sum(_right(event) for event in sent),
        wrong=sum(_wrong(event) for event in sent),
        hung=sum(hanging.in_vain(event, cell) for event in sent),
        never_returned=sum(hanging.never_returned(event) and hanging.in_vain(event, cell) for event in sent),
        casts_lost=None if (lost := casts.lost(sent, cell)) is None else len(lost),
        median_ms=round(statistics.median(took), 1) if took else None,
        max_ms=round(took[-1], 1) if took else None,
        connections_peak=_peak(cell, sent[0].t, until),
        connections_left=_open_at(cell, until),
    )


def _end(event: Event[Request]) -> float:
    return event.t + event.data.ms / 1000


def _right(event: Event[Request]) -> bool:
    return event.data.status is not None and not event.data.failed


def _wrong(event: Event[Request]) -> bool:
    return not _right(event) and not hanging.unanswered(event)


def _open_at(cell: CellHistory, t: float) -> int:
    return sum(c.opened <= t and (c.closed is None or c.closed > t) for c in cell.connections)


def _peak(cell: CellHistory, begin: float, until: float) -> int:
    """The most connections that were open at a time."""
    moments = [begin, *(c.opened for c in cell.connections if begin <= c.opened <= until)]
    return max(_open_at(cell, t) for t in moments)


def _never_answered(case: Case) -> Finding | None:
    """Requests that hang: how many of how many, in which burst, and where, if that was seen."""
    hung = [event for event in case.cell.of(Request) if event.data.needs_rabbitmq and hanging.in_vain(event, case.cell)]
    if not hung:
        return None
    first = min(hung, key=lambda event: not hanging.never_returned(event))
    sent = [event for event in case.cell.of(Request) if event.data.needs_rabbitmq]
    found = hanging.finding(first, case.cell)
    shares = ", ".join(f"{b.hung} of {b.sent} {b.name}" for b in bursts(case.cell) if b.hung)
    told = f" ({shares})" if shares else ""
    why = f"{len(hung)} of {len(sent)} requests hung{told}: {found.why}"
    return Finding(found.outcome, found.cause, why, found.evidence)


def _answered_wrong(case: Case) -> Finding | None:
    wrong = [event for event in case.cell.of(Request) if event.data.needs_rabbitmq and _wrong(event)]
    if not wrong:
        return None
    told = dict.fromkeys(str(e.data.status or e.data.error) for e in wrong)
    why = f"{count(len(wrong), 'request')} failed: {', '.join(told)[:200]}"
    return failed(Cause.REFUSED, why, *cite(wrong[0], hanging.answer(wrong[0])))


def _never_arrived(case: Case) -> Finding | None:
    lost = casts.lost(case.cell.of(Request), case.cell)
    if not lost:
        return None
    why = f"{count(len(lost), 'cast')} answered with a success never reached the RPC server"
    return failed(Cause.CAST_LOST, why, *cite(lost[0], f"a cast, answered {lost[0].data.status}"))


def _left_over(case: Case) -> Finding | None:
    """More connections than the pool may hold, and the one that waits for replies."""
    limit = case.cell.said.conn_pool_size
    pids = {c.pid for c in case.cell.connections}
    over = max((_end(event) for event in case.cell.of(Request)), default=0.0)
    open_ = [c for c in case.cell.connections if c.opened <= over and (c.closed or over) >= over]
    if limit is None or len(open_) <= (limit + 1) * max(1, len(pids)):
        return None
    why = f"{len(open_)} connections are left open, where each pool may hold {limit}"
    return leaked(Cause.LEFT_OPEN, why, *cite(open_[-1].created, "one of those left open"))


def _came_back(case: Case) -> Finding | None:
    """Connections that were dead when the burst after idling met them, and every request answered all the same."""
    idle_from, again = case.cell.idle_from, case.cell.asked_again
    if idle_from is None or again is None:
        return None
    open_then = [c for c in case.cell.connections if c.opened <= idle_from]
    dead = [c for c in open_then if c.closed is not None and idle_from < c.closed <= again]
    if not dead:
        return None
    after = [event for event in case.cell.requests("after") if event.data.burst]
    first = min((_end(event) - again for event in after), default=0.0)
    sent = len({(event.data.burst, event.data.attempt) for event in after})
    why = (
        f"{count(len(dead), 'connection')} had been closed while it idled; all {len(after)} requests of the "
        f"{'burst' if sent == 1 else f'{sent} bursts'} after it were answered, the first after {seconds(first)}"
    )
    return recovered(first, why, *cite(dead[0].close_event, "closed while it idled"))


def _all_answered(case: Case) -> Finding:
    told = bursts(case.cell)
    sent, slowest = sum(b.sent for b in told), max((b.max_ms or 0.0 for b in told), default=0.0)
    peak = max((b.connections_peak for b in told), default=0)
    why = (
        f"all {sent} requests of {count(len(told), 'burst')} were answered, the slowest after "
        f"{seconds(slowest / 1000)}; {count(peak, 'connection')} at the most"
    )
    return kept(why)


BEFORE: cells.Rules = (cells.not_started, cells.not_as_asked, cells.disturbed)
BAD: cells.Rules = (
    _never_answered,
    _answered_wrong,
    _never_arrived,
    cells.too_late,
    cells.nothing_opened,
    leftover.unseen,
    _left_over,
)
GOOD: cells.Rules = (cells.not_asked_again, _came_back, _all_answered)
RULES: cells.Rules = (*BEFORE, *BAD, *GOOD)
"""The first that finds something has the say."""

RULE = Rule(cell=judge)
