"""The verdict on one cell: its connections, its requests, and whether it is what it claims to be."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from heartbed.record.connection import Purpose
from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppFacts, CellState, Request
from heartbed.verdict import casts, cause, client, connection, disturbance, hanging, remarks, together, tries
from heartbed.verdict.agreement import disagreements
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite, in_order
from heartbed.verdict.finding import Finding, kept, unknown
from heartbed.verdict.values import CellVerdict, Connection, Cost, Disagreement, Outcome, worst
from heartbed.wording import count

NAMED = ("name", "factors", "subject", "probe", "act", "control", "attempt")
"""Of what was asked for: what the verdict names itself, and what is of use in the record only."""


@dataclass(frozen=True)
class Case:
    """A cell, with what was found of its connections and of what it is."""

    cell: CellHistory
    connections: Sequence[Connection]
    disagreements: Sequence[Disagreement]
    until: float
    """When it was asked again, or when the record ends, epoch seconds."""
    blind: str = ""
    """Why the broker was not observed all the time; empty where it was."""

    @property
    def result(self) -> Outcome:
        """The worst of the connections."""
        return worst(each.outcome for each in self.connections)

    def of(self, outcome: Outcome) -> list[Connection]:
        """The connections that met this fate."""
        return [each for each in self.connections if each.outcome is outcome]


Rules = tuple[Callable[[Case], Finding | None], ...]


def judge(cell: CellHistory, last_t: float, blind: str = "", rules: Rules | None = None) -> CellVerdict:
    """Judge one cell, by ``rules``: the first that finds something is the verdict. None: as when idle.

    ``last_t`` is the time of the record's last event, epoch seconds; ``blind``
    says why the broker was not observed all the time, if it was not.
    """
    until = cell.asked_again if cell.asked_again is not None else last_t
    connections = [connection.judge(c, cell, until, blind) for c in cell.idled]
    case = Case(cell, connections, disagreements(cell, connections), until, blind)
    first = next(finding for rule in rules or RULES if (finding := rule(case)) is not None)
    if first.outcome not in (Outcome.KEPT, Outcome.INCONCLUSIVE):
        first = disturbance.of_looks(cell, *_asked_during(cell)) or first
    found, missing = casts.besides(cell, until, first)
    losses = [c.lost_after_s for c in case.of(Outcome.LOST) if c.lost_after_s is not None]
    return CellVerdict(
        cell=cell.name,
        probe=cell.probe,
        factors=cell.asked.factors,
        asked={key: value for key, value in cell.asked.given().items() if key not in NAMED},
        observed=cell.facts,
        disagreements=list(case.disagreements),
        connections=connections,
        outcome=found.outcome,
        cause=found.cause or "",
        why=found.why,
        lost_after_s=min(losses, default=None),
        recovered_after_s=None if found.after_s is None else round(found.after_s, 3),
        cost=_cost(cell),
        subject=cell.asked.subject,
        tries=tries.of_play(cell, found.outcome),
        evidence=in_order(found.evidence),
        notes=[*remarks.of(cell, until), *missing, *tries.notes(cell, found)],
    )


def not_started(case: Case) -> Finding | None:
    """It did not come up."""
    failed = next((event for event in case.cell.of(CellState) if event.data.state == "failed"), None)
    return unknown(Cause.NO_CONNECTION, failed.data.reason, *cite(failed, failed.data.reason)) if failed else None


def not_as_asked(case: Case) -> Finding | None:
    """It is not what was asked for."""
    if not case.disagreements:
        return None
    wrong = "; ".join(f"{d.what} is {d.observed}, asked was {d.asked}" for d in case.disagreements)
    facts = next(iter(case.cell.of(AppFacts)), None)
    return unknown(Cause.NOT_AS_ASKED, wrong, *cite(facts, wrong))


def _never_returned(case: Case) -> Finding | None:
    """A request that got no answer at all is told first, also where connections were lost."""
    request = hanging.first(case.cell)
    if request is None or not hanging.never_returned(request):
        return None
    return hanging.finding(request, case.cell, together.told(together.by_cause(case.of(Outcome.LOST))))


def casts_lost(case: Case) -> Finding | None:
    """Requests were answered and their messages never arrived.

    What waited in vain is told instead, and so is the loss of a connection that was in use. One on which nothing was
    ever sent is what a thread has left that stands still in the middle of sending: it goes with the message.
    """
    unused = {conn.conn for conn in case.cell.connections if conn.unused(case.until)}
    lost = case.of(Outcome.LOST)
    if hanging.first(case.cell) is not None or any(each.conn not in unused for each in lost):
        return None
    found = casts.finding(case.cell, case.until)
    if found is None or not lost:
        return found
    left = (
        f"RabbitMQ closed {count(len(lost), 'connection')} on which nothing had been sent: {together.first(lost).why}"
    )
    return replace(found, why=f"{found.why}; {left}", evidence=(*found.evidence, *together.evidence(lost)))


def nothing_opened(case: Case) -> Finding | None:
    """It had no connection that could be judged."""
    if case.connections:
        return None
    if (late := hanging.too_late(case.cell)) is not None:
        return late
    refused = client.refusals(case.cell)
    why = "".join(f"; RabbitMQ refused it: {words}" for _, words in refused)
    proof = [piece for event, words in refused for piece in cite(event, words)]
    return unknown(Cause.NO_CONNECTION, f"no connection to RabbitMQ was open when it began to idle{why}", *proof)


def _timed_out(case: Case) -> Finding | None:
    """A call that got no reply; where a connection was lost that explains it, and is told instead."""
    request = hanging.first(case.cell)
    return None if request is None or case.result is Outcome.LOST else hanging.finding(request, case.cell)


def not_kept(case: Case) -> Finding | None:
    """A connection was lost, or nothing can be said of one."""
    if case.result is Outcome.KEPT:
        return None
    deciding = case.of(case.result)
    return Finding(
        case.result, cause.of(together.first(deciding).cause), together.why(deciding), together.evidence(deciding)
    )


def _purpose_missing(case: Case) -> Finding | None:
    """Every purpose must have been seen in every process."""
    asked, processes = case.cell.asked.purposes, case.cell.asked.processes
    holders = {pid for conn in case.cell.idled for pid in conn.holders}
    if len(holders) < processes and not client.is_own(case.cell):
        why = f"only {len(holders)} of {processes} processes had connections when it began to idle, so nothing is known"
        return unknown(Cause.NO_CONNECTION, f"{why} of the others", *together.evidence(case.connections))
    for pid in sorted({c.pid or 0 for c in case.connections}):
        had = Counter(str(c.purpose) for c in case.connections if (c.pid or 0) == pid)
        for purpose, wanted in Counter([Purpose.SEND, Purpose.LISTEN] if asked is None else asked).items():
            if had[purpose] < wanted:
                number = "no" if not had[purpose] else f"only {had[purpose]} of {wanted}"
                connection = "connection" if wanted == 1 else "connections"
                had_not = f"process {pid} had {number} {purpose} {connection} when it began to idle"
                why = f"{had_not}, so nothing is known of it"
                return unknown(Cause.NO_CONNECTION, why, *together.evidence(case.connections))
    return None


def too_late(case: Case) -> Finding | None:
    """A request was given up while the cell still worked for it, or its call while others had no core."""
    return hanging.too_late(case.cell)


def not_asked_again(case: Case) -> Finding | None:
    """Nobody knows what a request after the idle period would have met."""
    if case.cell.requests("after"):
        return None
    why = "it was not asked again after the idle period"
    return unknown(Cause.SHORT_OBSERVATION, why, *together.evidence(case.connections))


def _refused_afterwards(case: Case) -> Finding | None:
    wrong = next((event for event in case.cell.requests("after") if event.data.failed), None)
    if wrong is None:
        return None
    answer = hanging.answer(wrong)
    why = f"all connections were kept, but a {wrong.data.what} after the idle period failed: {answer}"
    return unknown(Cause.UNEXPLAINED, why, *together.evidence(case.connections), *cite(wrong, answer))


def _kept(case: Case) -> Finding:
    disabled = next((c for c in case.connections if c.cause), None)
    told = disabled or max(case.connections, key=lambda c: c.longest_gap_s or 0.0)
    return kept(told.why, *together.evidence(case.connections), cause=cause.of(told.cause))


def disturbed(case: Case) -> Finding | None:
    """Its container was frozen, cut off or ended by others while it was watched: nothing that followed is its own."""
    return disturbance.of_cell(case.cell, *_asked_during(case.cell))


def _asked_during(cell: CellHistory) -> tuple[float, float]:
    """From its first request to the end of its last, epoch seconds."""
    asked = cell.of(Request)
    ends = [event.t + event.data.ms / 1000 for event in asked]
    return min((e.t for e in asked), default=0.0), max(ends, default=math.inf)


RULES: Rules = (
    not_started,
    not_as_asked,
    disturbed,
    casts_lost,
    nothing_opened,
    _never_returned,
    _timed_out,
    not_kept,
    too_late,
    _purpose_missing,
    not_asked_again,
    _refused_afterwards,
    _kept,
)
"""In the order in which they are asked: the first that finds something is the verdict."""


def _cost(cell: CellHistory) -> Cost:
    before = [event.data.ms for event in cell.requests("before") if event.data.needs_rabbitmq and not event.data.failed]
    first = next(iter(cell.requests("after")), None)
    return Cost(
        before_ms=round(statistics.median(before), 1) if before else None,
        after_ms=round(first.data.ms, 1) if first else None,
        after_status=first.data.status if first else None,
        after_error=first.data.error if first else None,
    )
