"""Connections that are left over after a fault: more than a cell ever had, and none that goes by itself."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, leaked, unknown
from heartbed.wording import count


def unseen(case: Case) -> Finding | None:
    """Which of its connections are open nobody knows: the broker was not observed, and the capture does not tell."""
    if not case.blind or all(c.captured(case.until) for c in case.cell.connections if c.answered):
        return None
    why = f"nobody knows which of its connections are open: there is no whole capture, and {case.blind}"
    return unknown(Cause.UNEXPLAINED, why)


def finding(connections: Sequence[ConnectionHistory], begun: float, over: float) -> Finding | None:
    """More connections than there ever were at a time before the fault, none of which is in use by more requests.

    The fault began at ``begun``, and the last request after it was answered at ``over`` (epoch seconds). When it began
    one may already have been lost, which is opened again and left over by nobody; nor is one whose client is gone, and
    which RabbitMQ will close when it next looks at its heartbeats.
    """
    before = _most_at_once(connections, begun)
    now = [c for c in connections if c.answered and c.opened <= over and (c.closed or over) >= over]
    now = [c for c in now if not _silent(c, over)]
    if len(now) <= before:
        return None
    why = f"{count(len(now), 'connection')} open at the end, and {before} before the fault"
    return leaked(Cause.LEFT_OPEN, why, *cite(now[-1].created, "one of those that are open at the end"))


def _silent(conn: ConnectionHistory, until: float) -> bool:
    """Whether its client may have sent nothing for two timeouts, which is when RabbitMQ may close it."""
    last = conn.last_client_octet(until)
    return bool(conn.timeout_s) and (last is None or until - last >= 2 * (conn.timeout_s or 0.0))


def _most_at_once(connections: Sequence[ConnectionHistory], until: float) -> int:
    """How many were open at a time, until a moment, when they were most."""
    moments = [c.opened for c in connections if c.opened <= until]
    return max(
        (sum(c.opened <= t and (c.closed is None or c.closed > t) for c in connections) for t in moments), default=0
    )
