"""Why a connection ended otherwise than for missed heartbeats: the rules, the first that finds something decides."""

from __future__ import annotations

import re
from collections.abc import Callable

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppExit, AppLog, ProcessGone
from heartbed.verdict import deadlock
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, unknown

PROCESS_END_S = 1.0
"""A process that is gone within this time of its connection's end has taken the connection with it."""

OWN_END = re.compile(r".*\btimer expired\b.*|Maximum requests reached.*")
"""mod_wsgi's words where it ends a daemon process by itself."""

OWN_END_S = 10.0
"""For so long before a connection's end these words may stand: mod_wsgi gives a process 5 s to shut down in."""

Rule = Callable[[ConnectionHistory, CellHistory, float], Finding | None]


def otherwise(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding:
    """Why it was closed at that time (epoch seconds): nothing that tells of heartbeats."""
    return next(finding for rule in RULES if (finding := rule(conn, cell, closed)) is not None)


def _process_gone(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    if conn.closed_by == "broker":
        return None
    ends: list[tuple[Event, str]] = [(event, event.data.reason) for event in cell.of(AppExit)]
    ends += [(event, "the process is gone") for event in cell.of(ProcessGone)]
    near = [each for each in ends if each[0].pid == conn.pid and abs(each[0].t - closed) <= PROCESS_END_S]
    if not near:
        return None
    told = _own_end(conn, cell, closed)
    because = f" (mod_wsgi: {told.data.text.rstrip('.')})" if told else ""
    why = f"process {conn.pid} ended while it idled and took the connection along{because}; this is not heartbeat loss"
    proof = cite(told, told.data.text) if told else []
    return unknown(Cause.PROCESS_GONE, why, *proof, *cite(*min(near, key=lambda each: each[0].t)))


def _own_end(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Event[AppLog] | None:
    """Where mod_wsgi says that it ends the connection's process, and why."""
    return next(
        (
            event
            for event in cell.of(AppLog)
            if event.pid == conn.pid
            and event.data.logger == "wsgi"
            and -PROCESS_END_S <= closed - event.t <= OWN_END_S
            and OWN_END.fullmatch(event.data.text)
        ),
        None,
    )


def _pool_expiry(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    ttl = cell.said.conn_pool_ttl
    if conn.close_reason != "clean" or ttl is None or closed - max(conn.opened, cell.used_last(conn)) < ttl:
        return None
    return unknown(
        Cause.POOL_EXPIRY, "the application's connection pool closed it, having been unused for conn_pool_ttl"
    )


def _client_closed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    del cell, closed
    if conn.close_reason == "error" or conn.closed_by != "client":
        return None
    return unknown(Cause.CLIENT_CLOSED, "the client closed it; this is not heartbeat loss")


def _deadlock(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    """The thread that was opening it, or worked on it, waits for ever."""
    del closed
    waiter = deadlock.of_connection(conn, cell)
    if waiter is None:
        return None
    why = f"RabbitMQ closed it, because the thread that works on it waits for ever: {waiter.words}"
    return unknown(Cause.DEADLOCK, why, *waiter.evidence)


def _broker_closed(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    del cell, closed
    if conn.close_reason != "error":
        return None
    text = conn.log_close.data.text if conn.log_close else ""
    return unknown(Cause.BROKER_CLOSED, f"RabbitMQ closed it for another reason than heartbeats: {text[:200]}")


def _not_told(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding | None:
    """Who closed it is known, and not why; or not even that, for want of a capture."""
    del cell
    if conn.closed_by == "broker":
        said = (
            "no word of RabbitMQ's log says why" if conn.close_reason == "unlogged" else "RabbitMQ's log says otherwise"
        )
        return unknown(Cause.UNEXPLAINED, f"the capture shows that RabbitMQ's end closed it, and {said}")
    if conn.captured(closed):
        return None
    return unknown(Cause.UNEXPLAINED, "it was closed, and neither RabbitMQ's log nor a whole capture tells by whom")


def _network(conn: ConnectionHistory, cell: CellHistory, closed: float) -> Finding:
    del conn, cell, closed
    why = (
        "it ended, and neither RabbitMQ's log nor the capture has a word of either side closing it: look at the network"
    )
    return unknown(Cause.NETWORK, why)


RULES: tuple[Rule, ...] = (_process_gone, _pool_expiry, _client_closed, _deadlock, _broker_closed, _not_told, _network)
"""In the order in which they are asked."""
