"""Requests that waited in vain: without any answer, or with one that says that a call got no reply."""

from __future__ import annotations

import re

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppLog, Request
from heartbed.verdict import deadlock
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, hung, unknown
from heartbed.wording import seconds

TIMED_OUT = 504
"""What the application answers when its RPC call times out."""

ACCESS = re.compile(r"(\d+) (\d+)us ")
"""An entry of httpd's access log, at the time of the request: the status and the microseconds that it took."""

SAME_S = 0.25
"""So far apart may a request be by our clock and by httpd's."""

NEEDS_S = 1.0
"""What a call takes where nothing is wrong: half a second, and what opening its connections costs. One that had so much
of its time, but for the waiting for a core, had time enough."""

ROUNDING_S = 0.05

MOST_WAITERS = 2
"""Threads that wait for ever and are told of: others wait behind them."""


def first(cell: CellHistory) -> Event[Request] | None:
    """The first request that is proven to have waited in vain; one without any answer before one that got 504."""
    waited = [e for e in cell.of(Request) if in_vain(e, cell)]
    waited = [event for event in waited if answered_late(event, cell) is None]
    return min(waited, key=lambda event: not never_returned(event), default=None)


def unanswered(request: Event[Request]) -> bool:
    """Whether it got no answer at all, or the application's word that its call got no reply."""
    return never_returned(request) or request.data.status == TIMED_OUT


def in_vain(request: Event[Request], cell: CellHistory) -> bool:
    """Whether it is proven that it waited in vain."""
    return id(request) in cell.once(_proven)


def _proven(cell: CellHistory) -> set[int]:
    """The requests that are proven to have waited in vain, by the event's ``id``."""
    return {id(event) for event in cell.of(Request) if unanswered(event) and not unproven(event, cell)}


def too_late(cell: CellHistory, *phases: str) -> Finding | None:
    """The first request, of any phase or of these, without an answer of which it is not proven that none would come."""
    asked = cell.requests(*phases) if phases else cell.of(Request)
    waited = (event for event in asked if unanswered(event) and answered_late(event, cell) is None)
    return next((of_request(event, cell) for event in waited if unproven(event, cell)), None)


def of_request(request: Event[Request], cell: CellHistory) -> Finding:
    """What a request comes to that was not answered: it hung, or nothing can be said of it."""
    why = unproven(request, cell)
    return unknown(Cause.LATE, why, *cite(request, why)) if why else finding(request, cell)


def unproven(request: Event[Request], cell: CellHistory) -> str:
    """Why it is not proven that a request without an answer waited in vain; empty where it is.

    No clock proves that. One that got no answer hangs where the cell stood still for as long as was to be waited; a
    call that got no reply had time for one, whoever had to wait for a core. Threads that can never be woken prove it.
    """
    waited_s = request.data.ms / 1000
    until = request.t + waited_s
    why = ""
    if request.data.status is None:
        worked_s, told_s = cell.work.at_work_s(request.t, until), cell.work.told_s(request.t, until)
        if request.data.patience_s is not None and told_s - worked_s < request.data.patience_s - ROUNDING_S:
            unknown_s = waited_s - told_s
            untold = f", and for {seconds(unknown_s)} nobody told whether it was" if unknown_s > ROUNDING_S else ""
            why = (
                f"a {request.data.what} {_when(request)} was given up after {seconds(waited_s)}, but for "
                f"{seconds(worked_s)} of that the cell was at work{untold}: an answer that is late is not one that "
                "never comes"
            )
    else:
        allowed_s = min(waited_s, cell.rpc_timeout_s or waited_s)
        starved_s = cell.work.starved_s(until - allowed_s, until)
        if starved_s > 0 and allowed_s - starved_s < NEEDS_S:
            why = (
                f"a {request.data.what} {_when(request)} got no reply within {seconds(allowed_s)}, but for "
                f"{seconds(starved_s)} of that those who were to bring it waited for a core: the machine was too busy"
            )
    return "" if why and any(deadlock.behind(request, cell)) else why


def answered_late(request: Event[Request], cell: CellHistory) -> float | None:
    """After how many seconds httpd answered a request that was given up, as its access log has it; None: not at all.

    Such a request was slow, and hung for nobody. In a burst many are alike: it cannot be told which of them an entry is
    about.
    """
    if request.data.burst or not never_returned(request):
        return None
    # An application may be mounted below a path of the server's.
    asked = re.compile(rf'"{request.data.method} \S*{re.escape(request.data.path)} ')
    for entry in cell.of(AppLog):
        match = ACCESS.match(entry.data.text) if entry.data.logger == "access" else None
        if match and asked.search(entry.data.text) and abs(entry.t - request.t) < SAME_S:
            took_s, status = int(match[2]) / 1e6, int(match[1])
            return took_s if took_s * 1000 >= request.data.ms and status != TIMED_OUT else None
    return None


def late(cell: CellHistory) -> list[str]:
    """What is to be said of requests whose answer came later than it was waited for."""
    found = ((event, answered_late(event, cell)) for event in cell.of(Request))
    return [
        f"a {e.data.what} was given up, and answered after {seconds(took)}" for e, took in found if took is not None
    ]


def never_returned(request: Event[Request]) -> bool:
    """Whether it was given up without an answer."""
    return request.data.status is None and "Timeout" in (request.data.error or "")


def answer(request: Event[Request]) -> str:
    """What came of a request, in words."""
    status, took = request.data.status, seconds(request.data.ms / 1000)
    if status is not None:
        return f"{status} after {took}"
    return f"no answer at all within {took}" if never_returned(request) else f"refused or cut off after {took}"


def words(request: Event[Request]) -> str:
    """Which request waited when, and what came of it."""
    got = "got no reply over RabbitMQ:" if request.data.needs_rabbitmq else "got"
    return f"a {request.data.what} {_when(request)} {got} {answer(request)}"


def _when(request: Event[Request]) -> str:
    """``after the idle period``."""
    return f"{ {'during': 'in', 'after': 'after'}.get(request.data.phase, 'before') } the idle period"


def finding(request: Event[Request], cell: CellHistory, besides: str = "") -> Finding:
    """Hung, and where threads were seen to wait for ever, if any were; ``besides`` is what else is known."""
    said, more = words(request), f"; besides, {besides}" if besides else ""
    evidence = cite(request, said)
    waiters = list(deadlock.behind(request, cell))[:MOST_WAITERS]
    if not waiters:
        cause = Cause.CALL_TIMED_OUT if request.data.needs_rabbitmq else Cause.NOT_ANSWERED
        return hung(cause, said + more, *evidence)
    seen = "; ".join(f"at {waiter.dump.data.at} {waiter.words}" for waiter in waiters)
    evidence += [piece for waiter in waiters for piece in waiter.evidence]
    return hung(Cause.DEADLOCK, f"{said}; {seen}, which cannot be released from another OS thread{more}", *evidence)
