"""Losses of connections that are not oslo.messaging's, on records written by hand."""

from __future__ import annotations

from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import Socket
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import IDLE_FROM, History

PIKA = {"product": "Pika Python Client Library", "version": "1.3.2"}
CONN = "172.30.0.5:40001"


def lost(
    *,
    properties: dict[str, str] | None = None,
    greenlets: list[dict[str, Any]] | None = None,
    hub: str = "",
    frames: list[dict[str, Any]] | None = None,
    owner: int | None = None,
) -> CellVerdict:
    """One connection of a client that names itself, lost 5 s after the last request, and what a look has shown."""
    history = History.of("uwsgi-native")
    if owner is not None:
        told_of = Socket(state="ESTABLISHED", pids=[owner, history.pid])
        history.events.append(Event(told_of, t=IDLE_FROM - 0.5, cell=history.cell, pid=owner, conn=CONN))
    told = PIKA if properties is None else properties
    history.add(
        "broker.connection.created",
        IDLE_FROM - 0.4,
        conn=CONN,
        name=CONN,
        user_provided_name=None,
        timeout_s=2,
        client_properties=told,
    )
    history.add("broker.channel.created", IDLE_FROM - 0.4, conn=CONN, number=1)
    history.frame(CONN, IDLE_FROM - 0.3, "client", "method")
    history.close(CONN, IDLE_FROM + 5.0)
    thread = {"tid": 77, "name": "uwsgi", "syscall": "epoll_wait", "frames": frames or []}
    for t, at in ((IDLE_FROM + 3.0, "mid-idle"), (IDLE_FROM + 4.9, "loss")):
        history.add("process.stacks", t, at=at, host_pid=900, threads=[thread])
    hubs = [{"tid": 77, "hub": hub, "next_timer_overdue_s": None, "timers": []}] if hub else []
    history.add("process.greenlets", IDLE_FROM + 3.1, at="mid-idle", threads=[], hubs=hubs, greenlets=greenlets or [])
    return history.cell_verdict


def frame(function: str, file: str, line: int = 25) -> dict[str, Any]:
    return {"function": function, "file": file, "line": line, "native": False}


def green(conn: str | None = CONN) -> dict[str, Any]:
    frames = [frame("sleep", "/own-packages/gevent/hub.py"), frame("_beat", "/opt/heartbed/own/app.py")]
    return {"tid": 77, "name": "Thread-1 (_beat)", "dead": False, "conn": conn, "frames": frames}


def test_a_library_that_does_not_beat_by_itself_is_the_cause_where_nobody_calls_it() -> None:
    verdict = lost()
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "library_beats_not")
    assert "RabbitMQ knows the client as Pika Python Client Library 1.3.2" in verdict.why
    assert {"broker.connection.created", "process.greenlets", "process.stacks"} <= {e.kind for e in verdict.evidence}


def test_where_a_thread_is_in_the_library_nothing_is_said_of_it() -> None:
    verdict = lost(frames=[frame("process_data_events", "/own-packages/pika/adapters/blocking_connection.py")])
    assert verdict.cause == "unexplained"


def test_of_a_library_that_is_not_known_nothing_is_said() -> None:
    verdict = lost(properties={"product": "rabbitmq-c"})
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")


def test_a_green_thread_that_holds_the_connection_stands_still_where_nothing_runs_gevents_hub() -> None:
    verdict = lost(properties={"product": "py-amqp"}, greenlets=[green()], hub="gevent.hub.Hub")
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "holder_stands_still")
    assert (
        "nothing runs the gevent hub: the green thread that holds it stands still in _beat (app.py:25)" in verdict.why
    )
    assert "OS thread 77, the only one that can resume it, sits in epoll_wait" in verdict.why


def test_a_green_thread_whose_hub_is_run_explains_nothing() -> None:
    hub = [frame("run", "/own-packages/gevent/hub.py")]
    verdict = lost(properties={"product": "py-amqp"}, greenlets=[green()], hub="gevent.hub.Hub", frames=hub)
    assert verdict.cause == "unexplained"


def test_a_green_thread_of_another_connection_is_none_of_this_ones() -> None:
    verdict = lost(greenlets=[green(conn="172.30.0.5:40009")], hub="gevent.hub.Hub")
    assert verdict.cause == "library_beats_not"


def test_of_a_connection_that_was_inherited_the_processes_that_hold_it_tell() -> None:
    """The master that opened it is not looked at: it serves no request."""
    assert lost(owner=1).cause == "library_beats_not"
