"""The verdict on a cell whose server replaces a process by itself, each time that it has served so many requests.

There is no fault of ours in it: a request that is lost then is the cell's.
"""

from __future__ import annotations

from heartbed.record.history import CellHistory
from heartbed.record.kinds import ProcessSeen
from heartbed.verdict import cell as cells
from heartbed.verdict import fault, hanging, renewal
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, failed, kept, unknown
from heartbed.verdict.renewal import Span
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import CellVerdict
from heartbed.wording import count

RECYCLED = "recycling"


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell whose processes are replaced; arguments as for ``heartbed.verdict.cell.judge``."""
    return renewal.judge(cell, last_t, blind, RULES, spans)


def spans(cell: CellHistory, until: float) -> list[Span]:
    """The whole time in which it was asked, if a process was replaced in it; empty otherwise."""
    begun = cell.idle_from
    if begun is None:
        return []
    whole = Span(RECYCLED, begun, until, until)
    pids = {event.pid for event in renewal.ended(cell, whole)}
    theirs = [c for c in cell.connections if c.answered and c.opened <= until]
    ended = [c for c in theirs if c.closed is not None and begun < c.closed <= until]
    old = tuple(c for c in theirs if c in ended or (c.pid in pids and c.closed is None))
    return [Span(RECYCLED, begun, until, until, old)] if pids or (ended and not cell.of(ProcessSeen)) else []


def _words(case: Case) -> str:
    return ". ".join(renewal.words(renewal.told(case.cell, span)) for span in spans(case.cell, case.until))


def _lost(case: Case) -> Finding | None:
    """Requests that failed, though it is well now: of a process that was replaced, or by themselves."""
    asked = case.cell.requests("during")
    failed_ = renewal.failures(asked)
    if hung := [event for event in failed_ if hanging.in_vain(event, case.cell)]:
        return hanging.finding(hung[0], case.cell)
    bad = renewal.proven(failed_, case.cell)
    if not bad:
        return hanging.of_request(failed_[0], case.cell) if failed_ else None
    found = spans(case.cell, case.until)
    why = f"{len(bad)} of {count(len(asked), 'request')} were lost ({renewal.how(bad)}). {_words(case)}"
    cause = Cause.RENEWAL if found else Cause.REFUSED
    return failed(cause, why, *cite(bad[0], renewal.how(bad[:1])), *renewal.closings(found))


def _not_recycled(case: Case) -> Finding | None:
    """A client outside every server has none that replaces it: it is there to be asked alone."""
    if case.cell.asked.control or spans(case.cell, case.until):
        return None
    asked = count(len(case.cell.requests("during")), "request")
    return unknown(Cause.NOT_RENEWED, f"none of its processes was replaced in {asked} while it was asked steadily")


def _smooth(case: Case) -> Finding:
    found = spans(case.cell, case.until)
    asked = count(len(case.cell.requests("during")), "request")
    return kept(f"none of {asked} was lost. {_words(case)}".rstrip(), *renewal.closings(found))


RULES: cells.Rules = (
    cells.not_started,
    cells.not_as_asked,
    cells.disturbed,
    cells.nothing_opened,
    fault.ill_before,
    fault.never_well,
    renewal.casts_lost,
    _lost,
    _not_recycled,
    _smooth,
)
"""The first that finds something is the verdict."""

RULE = Rule(cell=judge)
