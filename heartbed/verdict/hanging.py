"""Requests that waited in vain: without any answer, or with one that says that a call got no reply."""

from __future__ import annotations

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Request
from heartbed.verdict import deadlock
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, hung
from heartbed.wording import seconds

TIMED_OUT = 504
"""What the application answers when its RPC call times out."""

MOST_WAITERS = 2
"""Threads that wait for ever and are told of: others wait behind them."""


def first(cell: CellHistory) -> Event[Request] | None:
    """The first request that waited in vain; one that got no answer at all before one that got 504."""
    waited = [e for e in cell.of(Request) if never_returned(e) or e.data.status == TIMED_OUT]
    return min(waited, key=lambda event: not never_returned(event), default=None)


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
