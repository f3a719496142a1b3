"""The verdict on one connection."""

from __future__ import annotations

from dataclasses import replace

from heartbed.record.connection import ConnectionHistory
from heartbed.record.history import CellHistory
from heartbed.verdict import pages
from heartbed.verdict.cause import Cause
from heartbed.verdict.ending import otherwise
from heartbed.verdict.evidence import cite, in_order
from heartbed.verdict.finding import Finding, kept, unknown
from heartbed.verdict.loss import of_missed_heartbeats
from heartbed.verdict.values import Connection, Evidence, Outcome
from heartbed.wording import seconds

SAMPLING_TOLERANCE = 0.05
"""Share of the timeout by which RabbitMQ's sampling may be off. Erlang's timers are exact to 1 ms: 5 % is generous."""


def judge(conn: ConnectionHistory, cell: CellHistory, until: float, blind: str = "") -> Connection:
    """Judge a connection that was open when the cell began to idle.

    ``until`` (epoch seconds) is when the cell was asked again, or when the
    record ends. What happened later has no say. ``blind`` says why the broker
    was not observed all the time, if it was not: a close may then be missing.
    """
    closed = conn.closed if conn.closed is not None and conn.closed <= until else None
    finding = _still_open(conn, cell, until, blind) if closed is None else _closed(conn, cell, closed)
    over = until if closed is None else closed
    last, silence, captured = conn.last_client_octet(over), conn.longest_silence(over), conn.captured(over)
    return Connection(
        conn=conn.conn,
        name=conn.created.data.user_provided_name if conn.created else None,
        purpose=conn.purpose,
        pid=conn.pid,
        timeout_s=conn.timeout_s,
        opened=conn.opened,
        idle_from=cell.idle_from,
        closed=closed,
        closed_by=conn.closed_by if closed is not None else None,
        close_reason=conn.close_reason if closed is not None else None,
        heartbeats_sent=len(conn.frames("client", "heartbeat")) if captured else None,
        heartbeats_received=len(conn.frames("broker", "heartbeat")) if captured else None,
        longest_gap_s=round(silence[1], 3) if silence else None,
        lost_after_s=_lost_after(closed, last) if finding.outcome is Outcome.LOST else None,
        outcome=finding.outcome,
        cause=finding.cause or "",
        why=finding.why,
        evidence=in_order([*_opening(conn), *finding.evidence]),
    )


def _lost_after(closed: float | None, last: float | None) -> float | None:
    return None if closed is None or last is None else round(closed - last, 3)


def _opening(conn: ConnectionHistory) -> list[Evidence]:
    timeout = "unknown" if conn.timeout_s is None else f"{conn.timeout_s:g} s"
    return cite(conn.created, f"RabbitMQ: connection opened, heartbeat timeout {timeout}")


def _closing(conn: ConnectionHistory) -> list[Evidence]:
    evidence = cite(conn.log_close, conn.log_close.data.text if conn.log_close else "")
    evidence += cite(conn.close_event, "RabbitMQ: connection closed")
    if (wire := conn.wire_close) is not None:
        data = wire.data
        evidence += cite(wire, f"{data.how.upper()} from the {data.sender} (frame {data.frame})")
    return evidence


def _still_open(conn: ConnectionHistory, cell: CellHistory, until: float, blind: str) -> Finding:
    timeout = conn.timeout_s
    if timeout is None:
        return unknown(Cause.UNEXPLAINED, "the broker did not tell which timeout was negotiated")
    if timeout == 0:
        why = "heartbeats are switched off: RabbitMQ closes no idle connection, and neither side notices a dead peer"
        return kept(why, cause=Cause.HEARTBEAT_DISABLED)
    idled = max(0.0, until - cell.idle_from) if cell.idle_from is not None else 0.0
    if idled < 3 * timeout:
        why = f"it was left idle for {seconds(idled)}, but RabbitMQ may take {seconds(3 * timeout)} to close"
        return unknown(Cause.SHORT_OBSERVATION, why)
    silence = conn.longest_silence(until)
    if silence is None:
        return _without_capture(idled, blind)
    if silence[1] > 3 * timeout * (1 + SAMPLING_TOLERANCE):
        why = f"the client was silent for {seconds(silence[1])}, and yet RabbitMQ did not close: this is not understood"
        return unknown(Cause.UNEXPLAINED, why)
    return _beaten(conn, cell, until, silence[1])


def _beaten(conn: ConnectionHistory, cell: CellHistory, until: float, silence: float) -> Finding:
    """Kept, with the heartbeats that did it, and what carried those where that is proven."""
    start = cell.idle_from or until
    beats = len([f for f in conn.frames("client", "heartbeat") if start < f.t <= until])
    served = pages.beside(cell, conn.pid, until)
    why = f"{beats} heartbeats in {seconds(until - start)} of idling{served}, longest silence {seconds(silence)}"
    if carried := pages.carried(conn, cell, until):
        return replace(carried, why=f"{why}; {carried.why}")
    return kept(why)


def _without_capture(idled: float, blind: str) -> Finding:
    """Open as far as the broker told, which is enough when nothing of what it told can have been missed."""
    if blind:
        why = f"nothing shows that it was closed, but there is no whole capture, and {blind}"
        return unknown(Cause.UNEXPLAINED, why)
    return kept(f"RabbitMQ left it open for {seconds(idled)}; there is no whole capture")


def _closed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding:
    if conn.close_reason == "missed_heartbeats":
        return _missed(conn, cell, closed)
    return otherwise(conn, cell, closed).proven_by(*_closing(conn))


def _missed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding:
    last = conn.last_client_octet(closed)
    timeout = conn.timeout_s or 0.0
    if last is not None and closed - last < 2 * timeout * (1 - SAMPLING_TOLERANCE):
        why = (
            f"RabbitMQ says that it missed heartbeats, but the client was heard {seconds(closed - last)} before, "
            f"less than two timeouts: the observations contradict each other"
        )
        return unknown(Cause.UNEXPLAINED, why, *_closing(conn))
    return of_missed_heartbeats(conn, cell).proven_by(*_closing(conn))
