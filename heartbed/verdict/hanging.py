"""Requests that waited in vain: without any answer, or with one that says that a call got no reply."""

from __future__ import annotations

import re

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppLog, Request
from heartbed.verdict import deadlock
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, hung
from heartbed.wording import seconds

TIMED_OUT = 504
"""What the application answers when its RPC call times out."""

ACCESS = re.compile(r"(\d+) (\d+)us ")
"""An entry of httpd's access log, at the time of the request: the status and the microseconds that it took."""

SAME_S = 0.25
"""So far apart may a request be by our clock and by httpd's."""

MOST_WAITERS = 2
"""Threads that wait for ever and are told of: others wait behind them."""


def first(cell: CellHistory) -> Event[Request] | None:
    """The first request that waited in vain; one that got no answer at all before one that got 504."""
    waited = [e for e in cell.of(Request) if never_returned(e) or e.data.status == TIMED_OUT]
    waited = [event for event in waited if answered_late(event, cell) is None]
    return min(waited, key=lambda event: not never_returned(event), default=None)


def answered_late(request: Event[Request], cell: CellHistory) -> float | None:
    """After how many seconds httpd answered a request that was given up, as its access log has it; None: not at all.

    Such a request was slow, and hung for nobody. In a burst many are alike: it cannot be told which of them an entry is
    about.
    """
    if request.data.burst or not never_returned(request):
        return None
    asked = f'"{request.data.method} {request.data.path} '
    for entry in cell.of(AppLog):
        match = ACCESS.match(entry.data.text) if entry.data.logger == "access" else None
        if match and asked in entry.data.text and abs(entry.t - request.t) < SAME_S:
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
    return f"no answer at all within {took}" if status is None else f"{status} after {took}"


def words(request: Event[Request]) -> str:
    """Which request waited when, and what came of it."""
    when = {"during": "in", "after": "after"}.get(request.data.phase, "before")
    got = "got no reply over RabbitMQ:" if request.data.needs_rabbitmq else "got"
    return f"a {request.data.what} {when} the idle period {got} {answer(request)}"


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
