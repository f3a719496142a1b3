"""The verdict on a cell whose server was told to replace its processes, or was stopped and started, by the probe."""

from __future__ import annotations

from heartbed.record.history import CellHistory
from heartbed.record.kinds import Intervention
from heartbed.verdict import cell as cells
from heartbed.verdict import fault, hanging, leftover, renewal
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, failed, kept, leaked, recovered, unknown
from heartbed.verdict.renewal import Span
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import CellVerdict, Evidence
from heartbed.wording import count, seconds

RENEWAL = "renewal"
"""Among the details of an intervention: which way of replacing processes it was."""

RELOADED, RESTARTED = "reload", "stop and start"


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell whose server was renewed; arguments as for ``heartbed.verdict.cell.judge``."""
    return renewal.judge(cell, last_t, blind, RULES, spans)


def spans(cell: CellHistory, until: float) -> list[Span]:
    """What the probe has done to the cell that replaces processes, each until the next."""
    done = sorted((each for each in cell.interventions if RENEWAL in each.details), key=lambda each: each.begun)
    ends = [*(each.begun for each in done), until][1:]
    found = []
    for each, end in zip(done, ends, strict=True):
        there = [c for c in cell.connections if c.answered and c.opened <= each.begun]
        old = tuple(c for c in there if c.closed is None or c.closed > each.begun)
        found.append(Span(str(each.details[RENEWAL]), each.begun, each.ended or each.begun, end, old))
    return found


def _spans(case: Case) -> list[Span]:
    return spans(case.cell, case.until)


def _words(case: Case) -> str:
    return ". ".join(renewal.words(renewal.told(case.cell, span)) for span in _spans(case))


def _evidence(case: Case) -> list[Evidence]:
    """What was done, and what RabbitMQ says of the end of each connection that there was."""
    done = {(e.data.act, e.data.number): e for e in case.cell.of(Intervention) if RENEWAL in e.data.details}
    pieces = [piece for event in done.values() for piece in cite(event, f"{event.data.what} this cell")]
    return pieces + renewal.closings(_spans(case))


def _not_done(case: Case) -> Finding | None:
    return None if _spans(case) else unknown(Cause.SHORT_OBSERVATION, "nothing has replaced its processes")


def _failed_before(case: Case) -> Finding | None:
    """A request that failed before anything was done to the cell is its own."""
    begun = _spans(case)[0].begun
    asked = [event for event in case.cell.requests("during") if renewal.end(event) <= begun]
    bad = renewal.failures(asked)
    if not bad:
        return None
    if hanging.unanswered(bad[0]):
        return hanging.of_request(bad[0], case.cell)
    why = f"{len(bad)} of {count(len(asked), 'request')} failed before anything was done: {renewal.how(bad)}"
    return failed(Cause.REFUSED, why, *cite(bad[0], renewal.how(bad[:1])))


def _nothing_ended(case: Case) -> Finding | None:
    """All processes are as they were, though the server was told to replace them: a request that hangs holds one."""
    for span in _spans(case):
        if span.old and len(span.left) == len(span.old) and not renewal.ended(case.cell, span):
            why = f"{span.name}: none of its processes ended"
            held = hanging.first(case.cell)
            if held is not None and held.t < span.begun:
                return hanging.finding(held, case.cell, why)
            return unknown(Cause.NOT_RENEWED, why, *_evidence(case))
    return None


def _still_there(case: Case) -> Finding | None:
    """Connections of processes that should have ended are open until the next renewal, or the end."""
    for span in _spans(case):
        if span.left:
            left = f"{count(len(span.left), 'connection')} from before it still open"
            why = f"{span.name}: {left} {seconds(span.until - span.done)} later. {_words(case)}"
            return leaked(Cause.LEFT_OPEN, why, *cite(span.left[0].created, "opened before"), *_evidence(case))
    return None


def _lost_meanwhile(case: Case) -> Finding | None:
    failed_ = renewal.failures([event for span in _spans(case) for event in renewal.under(case.cell, span)])
    bad = renewal.proven(failed_, case.cell)
    if not bad:
        return hanging.of_request(failed_[0], case.cell) if failed_ else None
    after_s = max(_back_after(case.cell, span) for span in _spans(case))
    why = f"it lost {count(len(bad), 'request')} ({renewal.how(bad)}), and was well again by itself. {_words(case)}"
    return recovered(after_s, why, *cite(bad[0], renewal.how(bad[:1])), *_evidence(case))


def _back_after(cell: CellHistory, span: Span) -> float:
    """How long after it was done the first request that followed the last failure was answered, seconds."""
    asked = sorted(renewal.under(cell, span), key=lambda event: event.t)
    if not renewal.failures(asked):
        return 0.0
    last = max(number for number, event in enumerate(asked) if event.data.failed)
    back = renewal.end(asked[last + 1]) if last + 1 < len(asked) else span.until
    return max(0.0, back - span.done)


def _smooth(case: Case) -> Finding:
    return kept(f"no request was lost. {_words(case)}", *_evidence(case))


RULES: cells.Rules = (
    cells.not_started,
    cells.not_as_asked,
    cells.disturbed,
    cells.nothing_opened,
    _not_done,
    fault.ill_before,
    _failed_before,
    fault.never_well,
    renewal.casts_lost,
    leftover.unseen,
    _nothing_ended,
    _still_there,
    _lost_meanwhile,
    _smooth,
)
"""The first that finds something is the verdict."""

RULE = Rule(cell=judge)
"""A client outside every server, which is stopped and started, loses what is sent meanwhile, and is well again."""
