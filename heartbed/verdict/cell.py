"""The verdict on one cell: its connections, its requests, and whether it is what it claims to be."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from heartbed.cells import axes
from heartbed.record.event import Event
from heartbed.record.history import CellHistory, ConnectionHistory, Purpose
from heartbed.record.kinds import AppFacts, CellState, ProcessGreenlets, Request
from heartbed.verdict import connection, location, pages
from heartbed.verdict.evidence import cite, in_order, seconds
from heartbed.verdict.values import CellVerdict, Connection, Cost, Disagreement, Evidence, Outcome

RANK = (Outcome.LOST, Outcome.HUNG, Outcome.INCONCLUSIVE, Outcome.KEPT)
"""The worst first: what is proven false outranks what is unknown, which outranks what is true."""

NAMED = ("name", "factors", "subject", "probe", "act")
"""Of what was asked for: what the verdict names itself, and what is of use in the record only."""

HUNG_STATUS = 504
"""What the application answers when its RPC call times out."""


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge one cell.

    ``last_t`` is the time of the record's last event, epoch seconds; ``blind``
    says why the broker was not observed all the time, if it was not.
    """
    until = cell.asked_again if cell.asked_again is not None else last_t
    judged = [c for c in cell.connections if cell.idle_from is not None and c.opened <= cell.idle_from]
    connections = [connection.judge(c, cell, until, blind) for c in judged]
    disagreements = _disagreements(cell, connections)
    outcome, cause, why, evidence = _outcome(cell, connections, disagreements)
    losses = [c.lost_after_s for c in connections if c.outcome is Outcome.LOST and c.lost_after_s is not None]
    return CellVerdict(
        cell=cell.name,
        probe=cell.probe,
        factors=cell.asked.factors,
        asked={key: value for key, value in cell.asked.told().items() if key not in NAMED},
        observed=cell.facts,
        disagreements=disagreements,
        connections=connections,
        outcome=outcome,
        cause=cause,
        why=why,
        lost_after_s=min(losses, default=None),
        cost=_cost(cell),
        evidence=in_order(evidence),
        notes=_notes(cell, judged, until),
    )


def worst(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome that outranks the others; inconclusive where there is none."""
    return min(outcomes, key=RANK.index, default=Outcome.INCONCLUSIVE)


_Found = tuple[Outcome, str, str, list[Evidence]]


def _outcome(cell: CellHistory, connections: list[Connection], disagreements: list[Disagreement]) -> _Found:
    failed = [event for event in cell.of(CellState) if event.data.state == "failed"]
    if failed:
        reason = failed[0].data.reason
        return Outcome.INCONCLUSIVE, "no_connection", reason, cite(failed[0], reason)
    if disagreements:
        wrong = "; ".join(f"{d.what} is {d.observed}, asked was {d.asked}" for d in disagreements)
        facts = cell.of(AppFacts)
        return Outcome.INCONCLUSIVE, "not_as_asked", wrong, cite(facts[0] if facts else None, wrong)
    if not connections:
        return (
            Outcome.INCONCLUSIVE,
            "no_connection",
            "no connection to RabbitMQ was open when it began to idle",
            [],
        )
    result = worst([c.outcome for c in connections])
    hung = _hung(cell)
    if result in (Outcome.KEPT, Outcome.INCONCLUSIVE) and hung is not None:
        return _why_hung(cell, hung)
    deciding = [c for c in connections if c.outcome is result]
    evidence = [piece for c in deciding for piece in c.evidence]
    if result is Outcome.KEPT:
        return _kept(cell, connections, evidence)
    first = min(deciding, key=lambda c: c.closed or float("inf"))
    return result, first.cause, _told(deciding, first), evidence


def _kept(cell: CellHistory, connections: list[Connection], evidence: list[Evidence]) -> _Found:
    """Kept, provided that every purpose was seen in every process and that the cell answered afterwards."""
    for pid in sorted({c.pid or 0 for c in connections}):
        purposes = {c.purpose for c in connections if (c.pid or 0) == pid}
        for purpose in _purposes(cell):
            if purpose not in purposes:
                why = f"process {pid} had no {purpose} connection when it began to idle, so nothing is known of it"
                return Outcome.INCONCLUSIVE, "no_connection", why, evidence
    after = cell.requests("after")
    if not after:
        return (
            Outcome.INCONCLUSIVE,
            "short_observation",
            "it was not asked again after the idle period",
            evidence,
        )
    wrong = next((event for event in after if not _good(event)), None)
    if wrong is not None:
        why = f"all connections were kept, but a {wrong.data.what} after the idle period failed: {_answer(wrong)}"
        return Outcome.INCONCLUSIVE, "unexplained", why, evidence + cite(wrong, _answer(wrong))
    disabled = next((c for c in connections if c.cause), None)
    told = disabled or max(connections, key=lambda c: c.longest_gap_s or 0.0)
    return Outcome.KEPT, told.cause, told.why, evidence


def _purposes(cell: CellHistory) -> list[str]:
    asked = cell.asked.purposes
    return [Purpose.SEND, Purpose.LISTEN] if asked is None else asked


def _told(deciding: list[Connection], first: Connection) -> str:
    """The cause of the first, headed by which connections it is about."""
    purposes = sorted({str(c.purpose) for c in deciding}, reverse=True)
    return f"{' and '.join(purposes)}: {first.why}"


def _good(event: Event[Request]) -> bool:
    return event.data.status is not None and event.data.status < 400


def _answer(event: Event[Request]) -> str:
    status, took = event.data.status, seconds(event.data.ms / 1000)
    return f"no answer at all within {took}" if status is None else f"{status} after {took}"


def _hung(cell: CellHistory) -> Event[Request] | None:
    """The first request that waited in vain: answered 504, or not answered at all."""
    for event in cell.requests("open", "before", "during", "after"):
        timed_out = event.data.status is None and "Timeout" in str(event.data.error)
        if event.data.status == HUNG_STATUS or timed_out:
            return event
    return None


def _hung_words(event: Event[Request]) -> str:
    if event.data.phase == "during":
        return f"a {event.data.what} that was asked for in the idle period got {_answer(event)}"
    when = "after" if event.data.phase == "after" else "before"
    return f"a {event.data.what} {when} the idle period got no reply over RabbitMQ: {_answer(event)}"


def _why_hung(cell: CellHistory, hung: Event[Request]) -> _Found:
    """Hung, and where a request was seen to wait for ever, if one was."""
    evidence = cite(hung, _hung_words(hung))
    waiting = location.green_lock([event for event in cell.of(ProcessGreenlets) if event.data.error is None])
    if waiting is None and hung.data.phase == "during":
        return Outcome.HUNG, "not_answered", _hung_words(hung), evidence
    if waiting is None:
        return Outcome.HUNG, "call_timed_out", _hung_words(hung), evidence
    thread, frame, event = waiting
    seen = f"at {event.data.at} a request was suspended in one of eventlet's locks (thread {thread}, in {frame})"
    why = f"{_hung_words(hung)}; {seen}, which cannot be released from another OS thread"
    return Outcome.HUNG, "deadlock", why, evidence + cite(event, seen)


def _cost(cell: CellHistory) -> Cost:
    before = [event.data.ms for event in cell.requests("before") if _good(event)]
    after = cell.requests("after")
    first = after[0] if after else None
    return Cost(
        before_ms=round(statistics.median(before), 1) if before else None,
        after_ms=round(first.data.ms, 1) if first else None,
        after_status=first.data.status if first else None,
        after_error=first.data.error if first else None,
    )


def _notes(cell: CellHistory, judged: list[ConnectionHistory], until: float) -> list[str]:
    notes = [cell.asked.stands_in] if cell.asked.stands_in else []
    idle_from = cell.idle_from
    fresh = [c for c in cell.connections if idle_from is not None and idle_from < c.opened <= until]
    if fresh:
        notes.append(f"{len(fresh)} new connection(s) were opened during the idle period, in place of those that ended")
    reached = {event.pid for event in cell.requests("after") if event.pid is not None}
    opened = {c.pid for c in judged if c.pid is not None}
    asked = cell.asked.processes
    if idle_from is not None and len(opened) < asked:
        notes.append(f"only {len(opened)} of {asked} processes opened connections")
    if cell.asked_again is not None and opened - reached:
        missed = ", ".join(str(pid) for pid in sorted(opened - reached))
        notes.append(f"no request after the idle period reached process {missed}")
    notes += pages.notes(cell, judged, until)
    hung = _hung(cell)
    if hung is not None:
        notes.append(_hung_words(hung))
    return notes


def _disagreements(cell: CellHistory, connections: list[Connection]) -> list[Disagreement]:
    """Where what was observed is not what was asked for; an unanswered question is no disagreement."""
    asked = cell.asked
    if not cell.facts:
        return []
    shown = [
        (each.shows, asked.factors.get(each.name)) for each in axes.TABLE.axes if each.name not in asked.left_to_library
    ]
    pairs: list[tuple[str, object, object]] = [
        (each.what, each.of(want), each.fact(cell.facts)) for each, want in shown
    ]
    numbers = ((each.observed, getattr(asked, each.asked or each.name, None)) for each in axes.TABLE.parameters)
    pairs += [(each.what, want, each.fact(cell.facts)) for each, want in numbers if each]
    wanted: dict[str, str | None] = {each.package: asked.factors.get(each.word) for each in axes.TABLE.libraries}
    wanted.update(asked.versions)
    pairs += [(package, version, cell.said.versions.get(package)) for package, version in wanted.items()]
    pairs += [
        (f"the negotiated timeout of {c.purpose}", asked.heartbeat_s, c.timeout_s)
        for c in connections
        if c.timeout_s is not None
    ]
    return [
        Disagreement(what=what, asked=str(want), observed=str(got))
        for what, want, got in pairs
        if want is not None and got is not None and want != got
    ]
