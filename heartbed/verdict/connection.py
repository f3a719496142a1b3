"""The verdict on one connection."""

from __future__ import annotations

from dataclasses import dataclass, field

from heartbed.record.event import Event
from heartbed.record.history import CellHistory, ConnectionHistory
from heartbed.record.kinds import AppExit, ProcessGone
from heartbed.verdict import pages
from heartbed.verdict.cause import Cause, of_missed_heartbeats
from heartbed.verdict.evidence import cite, in_order, seconds
from heartbed.verdict.values import Connection, Evidence, Outcome

SAMPLING_TOLERANCE = 0.05
"""Share of the timeout by which RabbitMQ's sampling may be off. Erlang's timers are exact to 1 ms: 5 % is generous."""

PROCESS_END_S = 1.0
"""A process that is gone within this time of its connection's end has taken the connection with it."""


@dataclass(frozen=True)
class _Finding:
    outcome: Outcome
    cause: str
    why: str
    evidence: list[Evidence] = field(default_factory=list)


def judge(conn: ConnectionHistory, cell: CellHistory, until: float, blind: str = "") -> Connection:
    """Judge a connection that was open when the cell began to idle.

    ``until`` (epoch seconds) is when the cell was asked again, or when the
    record ends. What happened later has no say. ``blind`` says why the broker
    was not observed all the time, if it was not: a close may then be missing.
    """
    closed = conn.closed if conn.closed is not None and conn.closed <= until else None
    finding = _still_open(conn, cell, until, blind) if closed is None else _closed(conn, cell, closed)
    last = conn.last_client_octet(closed if closed is not None else until)
    silence = conn.longest_silence(closed if closed is not None else until)
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
        heartbeats_sent=len(conn.frames("client", "heartbeat")) if conn.captured else None,
        heartbeats_received=len(conn.frames("broker", "heartbeat")) if conn.captured else None,
        longest_gap_s=round(silence[1], 3) if silence else None,
        lost_after_s=_lost_after(closed, last, cell) if finding.outcome is Outcome.LOST else None,
        outcome=finding.outcome,
        cause=finding.cause,
        why=finding.why,
        evidence=in_order([*_opening(conn), *finding.evidence]),
    )


def _lost_after(closed: float | None, last: float | None, cell: CellHistory) -> float | None:
    start = last if last is not None else cell.idle_from
    return None if closed is None or start is None else round(closed - start, 3)


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


def _still_open(conn: ConnectionHistory, cell: CellHistory, until: float, blind: str) -> _Finding:
    timeout = conn.timeout_s
    if timeout is None:
        return _Finding(Outcome.INCONCLUSIVE, "unexplained", "the broker did not tell which timeout was negotiated")
    if timeout == 0:
        why = "heartbeats are switched off: RabbitMQ closes no idle connection, and neither side notices a dead peer"
        return _Finding(Outcome.KEPT, "heartbeat_disabled", why)
    idled = until - cell.idle_from if cell.idle_from is not None else 0.0
    if idled < 3 * timeout:
        why = f"it was left idle for {seconds(idled)}, but RabbitMQ may take {seconds(3 * timeout)} to close"
        return _Finding(Outcome.INCONCLUSIVE, "short_observation", why)
    silence = conn.longest_silence(until)
    if silence is None:
        return _without_capture(idled, blind)
    if silence[1] > 3 * timeout * (1 + SAMPLING_TOLERANCE):
        why = f"the client was silent for {seconds(silence[1])}, and yet RabbitMQ did not close: this is not understood"
        return _Finding(Outcome.INCONCLUSIVE, "unexplained", why)
    return _beaten(conn, cell, until, silence[1])


def _beaten(conn: ConnectionHistory, cell: CellHistory, until: float, silence: float) -> _Finding:
    """Kept, with the heartbeats that did it, and what carried those where that is proven."""
    start = cell.idle_from or until
    beats = len([f for f in conn.frames("client", "heartbeat") if start < f.t <= until])
    served = pages.beside(cell, conn.pid, until)
    why = f"{beats} heartbeats in {seconds(until - start)} of idling{served}, longest silence {seconds(silence)}"
    if carried := pages.carried(conn, cell, until):
        return _Finding(Outcome.KEPT, "", f"{why}; {carried.why}", carried.evidence)
    return _Finding(Outcome.KEPT, "", why)


def _without_capture(idled: float, blind: str) -> _Finding:
    """Open as far as the broker told, which is enough when nothing of what it told can have been missed."""
    if blind:
        why = f"nothing shows that it was closed, but there is no capture, and {blind}"
        return _Finding(Outcome.INCONCLUSIVE, "unexplained", why)
    return _Finding(Outcome.KEPT, "", f"RabbitMQ left it open for {seconds(idled)}; there is no capture")


def _closed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> _Finding:
    if conn.close_reason == "missed_heartbeats":
        return _missed(conn, cell, closed)
    cause = _other_cause(conn, cell, closed)
    return _Finding(Outcome.INCONCLUSIVE, cause.code, cause.why, _closing(conn) + cause.evidence)


def _missed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> _Finding:
    last = conn.last_client_octet(closed)
    timeout = conn.timeout_s or 0.0
    if last is not None and closed - last < 2 * timeout * (1 - SAMPLING_TOLERANCE):
        why = (
            f"RabbitMQ says that it missed heartbeats, but the client was heard {seconds(closed - last)} before, "
            f"less than two timeouts: the observations contradict each other"
        )
        return _Finding(Outcome.INCONCLUSIVE, "unexplained", why, _closing(conn))
    cause = of_missed_heartbeats(conn, cell)
    return _Finding(Outcome.LOST, cause.code, cause.why, _closing(conn) + cause.evidence)


def _other_cause(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Cause:
    ends: list[tuple[Event, str]] = [(event, event.data.reason) for event in cell.of(AppExit)]
    ends += [(event, "the process is gone") for event in cell.of(ProcessGone)]
    near = [each for each in ends if each[0].pid == conn.pid and abs(each[0].t - closed) <= PROCESS_END_S]
    if near:
        why = f"process {conn.pid} ended while it idled and took the connection along; this is not heartbeat loss"
        return Cause("process_gone", why, cite(*min(near, key=lambda each: each[0].t)))
    if conn.close_reason == "clean" and _expired(conn, cell, closed):
        return Cause("pool_expiry", "the application's connection pool closed it, having been unused for conn_pool_ttl")
    if conn.close_reason in ("clean", "client_closed") and conn.closed_by == "client":
        return Cause("client_closed", "the client closed it; this is not heartbeat loss")
    if conn.close_reason == "error":
        text = conn.log_close.data.text if conn.log_close else ""
        return Cause("broker_closed", f"RabbitMQ closed it for another reason than heartbeats: {text[:200]}")
    why = "it ended without a word of RabbitMQ about heartbeats and without the client closing it: look at the network"
    return Cause("network", why)


def _expired(conn: ConnectionHistory, cell: CellHistory, closed: float) -> bool:
    ttl = cell.said.conn_pool_ttl
    return ttl is not None and closed - conn.opened >= ttl
