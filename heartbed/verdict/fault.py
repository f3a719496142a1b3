"""The verdict on a cell after a fault: whether it is well again by itself, when, and what it cost meanwhile.

The fault is what the record says that the probe did to the cell, or to what all cells share. Whatever happens later
than that, and was not there before, is put down to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from heartbed.record.connection import ConnectionHistory, Purpose
from heartbed.record.event import Event
from heartbed.record.history import CellHistory, RunHistory
from heartbed.record.kinds import ConsumerCreated, Request
from heartbed.verdict import cell as cells
from heartbed.verdict import controls, hanging, leftover, reopening
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, failed, hung, kept, recovered, unknown
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import CellVerdict, ControlVerdict, Lag, Outcome
from heartbed.wording import count, seconds

SLOW = 3.0
"""A request that takes so many times as long as the slowest before the fault, and ``SLOW_S`` more, was held up."""

SLOW_S = 0.5


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell after a fault; arguments as for ``heartbed.verdict.cell.judge``."""
    return cells.judge(cell, last_t, blind, RULES)


def machine_only(run: RunHistory, lag: Lag) -> list[ControlVerdict]:
    """Of the usual controls only the machine: the others meet the fault too, and do not connect again."""
    return [control for control in controls.judge(run, lag) if control.name == controls.MACHINE]


def span(cell: CellHistory) -> tuple[float, float] | None:
    """When the fault began and ended, epoch seconds; None where none was done."""
    done = cell.interventions
    if not done:
        return None
    return min(each.begun for each in done), max(each.ended or each.begun for each in done)


def _no_fault(case: Case) -> Finding | None:
    if span(case.cell) is not None:
        return None
    return unknown(Cause.SHORT_OBSERVATION, "nothing was done to it: there was no fault to recover from")


def _lost_before(case: Case) -> Finding | None:
    """What had gone before the fault cannot be put down to it."""
    begun = _begun(case)
    gone = [c for c in case.cell.connections if c.closed is not None and c.closed < begun]
    if not gone or any(c.opened <= begun and c not in gone for c in case.cell.connections):
        return None
    return unknown(Cause.NO_CONNECTION, "its connections had been closed before the fault began")


def _begun(case: Case) -> float:
    return (span(case.cell) or (0.0, 0.0))[0]


def _ended(case: Case) -> float:
    return (span(case.cell) or (0.0, 0.0))[1]


def _after(case: Case) -> list[Event[Request]]:
    return [event for event in case.cell.requests("after") if event.data.needs_rabbitmq]


def _over(case: Case) -> float:
    """When the last request after the fault had been answered: the cell's own end comes later. Epoch seconds."""
    return max((e.t + e.data.ms / 1000 for e in case.cell.requests("after")), default=_ended(case))


def _well_from(case: Case) -> int | None:
    """The place, among the requests after the fault, from which on a cast and a call were right; None for never."""
    after = _after(case)
    bad = [at for at, event in enumerate(after) if event.data.failed]
    first = bad[-1] + 1 if bad else 0
    rest = {event.data.what for event in after[first:]}
    return first if {"cast", "call"} <= rest else None


def ill_before(case: Case) -> Finding | None:
    """The last call before it was left alone got no reply: nothing that is done to it later is to blame for that.

    Where the machine may have been to blame for it, one that got none afterwards either proves it.
    """
    calls = (event for event in case.cell.requests("open", "before") if event.data.what == "call")
    before = sorted(calls, key=lambda event: event.t)[-1:]
    waited = [event for event in [*before, *_after(case)] if hanging.in_vain(event, case.cell)]
    well = _after(case) and _well_from(case) is not None
    if not before or not hanging.unanswered(before[0]) or not waited or (well and waited[0] is not before[0]):
        return None
    found = hanging.finding(waited[0], case.cell)
    if waited[0] is before[0]:
        told = f"that was before anything was done to it, and afterwards it {'was well' if well else 'was no better'}"
    else:
        told = "before anything was done to it the last one got none either"
    return replace(found, why=f"{found.why}; {told}")


def never_well(case: Case) -> Finding | None:
    """No cast and call were right one after the other, for as long as it was asked afterwards."""
    after = _after(case)
    if not after:
        return unknown(Cause.SHORT_OBSERVATION, "it was not asked again after the fault")
    if _well_from(case) is not None:
        return None
    waited = [event for event in after if hanging.in_vain(event, case.cell)]
    last = after[-1]
    if not waited and (late := hanging.too_late(case.cell, "after")) is not None:
        return late
    for_s = last.t + last.data.ms / 1000 - after[0].t
    if not waited:
        why = f"for {seconds(for_s)} after the fault its requests failed: {hanging.answer(last)}"
        return failed(Cause.REFUSED, why, *cite(last, hanging.answer(last)))
    if (deaf := _deaf(case)) is not None:
        return deaf
    sooner = [event for event in case.cell.requests("during") if hanging.in_vain(event, case.cell)]
    found = hanging.finding([*sooner, *waited][0], case.cell)
    why = f"it was not well again within {seconds(for_s)} of being asked after the fault: {found.why}"
    return replace(found, why=why)


def _one_ill(case: Case) -> Finding | None:
    """Of several processes one is not well, whatever the others are: it hangs, or its last answer was an error."""
    if case.cell.asked.processes < 2:
        return None
    last = {event.pid: event for event in _after(case) if event.pid is not None or hanging.never_returned(event)}
    ill = [event for event in last.values() if event.data.failed]
    if not ill:
        return None
    if waited := [event for event in ill if hanging.in_vain(event, case.cell)]:
        found = hanging.finding(waited[0], case.cell)
        return replace(found, why=f"of its {case.cell.asked.processes} processes one is not well again: {found.why}")
    if (late := hanging.too_late(case.cell, "after")) is not None:
        return late
    why = f"process {ill[-1].pid} is not well again, though others are: {hanging.answer(ill[-1])}"
    return failed(Cause.REFUSED, why, *cite(ill[-1], hanging.answer(ill[-1])))


def _deaf(case: Case) -> Finding | None:
    """The connection for replies is open, and nothing consumes from it: calls time out on a healthy connection."""
    begun = _begun(case)
    over = _over(case)
    listening = [c for c in case.cell.connections if c.purpose is Purpose.LISTEN and (c.closed or over) >= over]
    fresh = [c for c in listening if c.opened > begun and not c.of(ConsumerCreated)]
    if not listening or len(fresh) < len(listening):
        return None
    why = "the connection that should bring replies is open, and nothing consumes from it"
    return hung(Cause.DEAF, why, *cite(fresh[0].created, "opened after the fault, without a consumer"))


def _left_over(case: Case) -> Finding | None:
    return leftover.finding(case.cell.connections, _begun(case), _over(case))


def _came_back(case: Case) -> Finding | None:
    begun, ended, after = _begun(case), _ended(case), _after(case)
    there = [c for c in case.cell.connections if c.opened <= begun]
    dead = [c for c in there if c.closed is not None and begun <= c.closed <= _over(case)]
    meanwhile = [e for e in case.cell.requests("during") if e.data.needs_rabbitmq]
    missed = [e for e in [*meanwhile, *after] if e.data.failed]
    held = _held_up(case, [*meanwhile, *after])
    if not dead and not missed and not held:
        return None
    fresh = [c for c in case.cell.connections if c.opened > begun]
    by_itself = reopening.since(dead, fresh, case.until)
    took = max(0.0, by_itself - ended) if by_itself is not None else _first_right(case) - after[0].t
    told = [_noticed(case, dead)] if dead else []
    told += [f"{count(len(missed), 'request')} failed meanwhile"] if missed else []
    told += [held] if held else []
    how = "opened its connections again by itself" if by_itself is not None else "was well again when it was asked"
    when = f"{seconds(took)} {'after the fault' if by_itself is not None else 'later'}"
    if by_itself is not None and by_itself < ended:
        when = f"{seconds(by_itself - begun)} after the fault began, and before it was over"
    why = f"it {how}, {when}; {'; '.join(told)}"
    return recovered(took, why, *cite(dead[0].close_event if dead else None, "closed by the fault"))


def _first_right(case: Case) -> float:
    """When the first request that was right, of those from which on all were, had been answered; epoch seconds."""
    event = _after(case)[_well_from(case) or 0]
    return event.t + event.data.ms / 1000


def _noticed(case: Case, dead: Sequence[ConnectionHistory]) -> str:
    """When each of its connections ended, counted from the beginning of the fault, and what RabbitMQ says of it."""
    begun = _begun(case)
    ends = [f"{c.purpose} closed{_missed(c)} {seconds((c.closed or begun) - begun)} after it began" for c in dead]
    return ", ".join(dict.fromkeys(ends))


def _missed(conn: ConnectionHistory) -> str:
    return " by RabbitMQ for missed heartbeats" if conn.close_reason == "missed_heartbeats" else ""


def _held_up(case: Case, requests: Sequence[Event[Request]]) -> str:
    """The first cast and the first call that took much longer than those before the fault, in words."""
    told = []
    for what in ("cast", "call"):
        before = [e.data.ms for e in case.cell.requests("open", "before") if e.data.what == what]
        limit = SLOW * max(before, default=0.0) + SLOW_S * 1000
        first = next((e for e in requests if e.data.what == what and not e.data.failed), None)
        if first is not None and first.data.ms > limit:
            told.append(f"the first {what} took {seconds(first.data.ms / 1000)}")
    return ", ".join(told)


def _untouched(case: Case) -> Finding:
    there = [c for c in case.connections if c.opened <= _begun(case)]
    if lost := [c for c in there if c.closed_by == "broker"]:
        why = f"the fault ended none of its connections, but {lost[0].purpose} had been closed before it began"
        return unknown(Cause.NO_CONNECTION, why)
    open_ = count(sum(c.closed is None or c.closed > _over(case) for c in there), "connection")
    return kept(f"{open_} stayed open, and every request was answered as before")


RULES: cells.Rules = (
    cells.not_started,
    cells.not_as_asked,
    cells.disturbed,
    cells.nothing_opened,
    _no_fault,
    ill_before,
    _lost_before,
    never_well,
    _one_ill,
    leftover.unseen,
    _left_over,
    _came_back,
    _untouched,
)
"""The first that finds something is the verdict."""

RECOVERS = Rule(cell=judge, controls=machine_only, native=(Outcome.RECOVERED,))
"""After a fault that ends every connection: a client outside every server must have met it, and be well again."""

SURVIVES = Rule(cell=judge, controls=machine_only)
"""After one that may end none."""
