"""Messages that never arrived, and connections that several processes hold, on records written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from heartbed.record.event import Event
from heartbed.record.kinds import RunStart
from heartbed.verdict.values import Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History


def kept_with_casts(*arrived: str) -> History:
    """Both connections kept; casts with the requests req-1 and req-2, of which these arrived."""
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    for number in (1, 2):
        history.add(
            "request",
            IDLE_FROM - 0.8 + number / 10,
            phase="open",
            what="cast",
            status=202,
            ms=5.0,
            error=None,
            request_id=f"req-{number}",
        )
    history.add("rpc.arrived", IDLE_FROM - 0.4, what="call", method="get_diagnostics", request_id="req-9")
    for request in arrived:
        history.add("rpc.arrived", IDLE_FROM - 0.5, what="cast", method="reboot_instance", request_id=request)
    return history


def test_a_cast_that_was_answered_and_never_arrived_fails_the_cell() -> None:
    verdict = kept_with_casts("req-1").cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "cast_lost")
    assert "1 of 2 casts that were answered with 202 never arrived" in verdict.why
    assert "request req-2" in verdict.why
    assert [piece.kind for piece in verdict.evidence] == ["request"]


def test_where_every_cast_has_arrived_nothing_is_missing() -> None:
    assert kept_with_casts("req-2", "req-1").cell_verdict.outcome is Outcome.KEPT


def test_a_cast_after_which_the_rpc_server_was_not_heard_is_not_said_to_be_missing() -> None:
    history = kept_with_casts("req-1")
    history.drop("rpc.arrived", what="call")
    assert history.cell_verdict.outcome is Outcome.KEPT


def test_a_record_in_which_nothing_arrives_tells_nothing_of_casts() -> None:
    history = kept_with_casts()
    history.drop("rpc.arrived")
    assert history.cell_verdict.outcome is Outcome.KEPT


def test_a_loss_is_told_first_and_the_missing_cast_beside_it() -> None:
    history = History.of("prefork-daemon-eventlet")
    history.pair(beating=False)
    at = IDLE_FROM - 0.7
    history.add("request", at, phase="open", what="cast", status=202, ms=5.0, error=None, request_id="req-1")
    history.add("rpc.arrived", at + 0.3, what="call", method="get_diagnostics", request_id="req-9")
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.LOST
    assert "; besides, 1 of 1 cast that were answered with 202 never arrived at the RPC server" in verdict.why
    assert "request" in {piece.kind for piece in verdict.evidence}


def own_application(*, published: int = 0, begun: bool = False, sending: bool = False) -> History:
    """A user's own application that was asked twice, and what a dump showed of the thread that it started."""
    history = History.of("uwsgi-eventlet")
    start = cast("Event[RunStart]", history.events[0])
    (asked,) = start.data.cells
    own = asked.model_copy(update={"purposes": [], "factors": {"server": "uwsgi"}})
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": [own]}))
    history.facts(mpm=None, server="uwsgi", mode=None, threads=None)
    conn = history.connection("SEND", 40001) if published else ""
    for _ in range(published):
        frame = {"frame": 1, "from": "client", "type": "method", "method": "basic.publish"}
        history.add("wire.frame", IDLE_FROM - 0.2, conn=conn, cell=None, **frame)
        history.beat(conn)
    name = "notify" if begun else "not started"
    cast_ = {"function": "RPCClient.cast", "file": "/venv/oslo_messaging/rpc/client.py", "line": 7, "native": False}
    greenlets = [{"tid": 77, "name": name, "dead": False, "frames": [cast_] if sending else []}]
    hubs = [{"tid": 77, "hub": "eventlet.hubs.epolls.Hub", "next_timer_overdue_s": 3.4, "timers": []}]
    history.add("process.greenlets", IDLE_FROM + 3.5, at="mid-idle", threads=[], hubs=hubs, greenlets=greenlets)
    return history


def test_an_own_application_that_sent_nothing_and_left_a_green_thread_unbegun_fails() -> None:
    verdict = own_application().cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "cast_lost")
    assert "2 requests that should make the application use RabbitMQ got 200" in verdict.why
    assert "0 messages had left it" in verdict.why
    assert "1 green thread had not begun to run or stood still in the middle of sending" in verdict.why


def test_an_own_application_that_sent_nothing_and_left_nothing_waiting_is_not_accused() -> None:
    assert own_application(begun=True).cell_verdict.cause == "no_connection"


def test_an_own_application_of_which_one_message_left_and_one_stands_in_the_middle_of_being_sent_fails() -> None:
    verdict = own_application(published=1, begun=True, sending=True).cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "cast_lost")
    assert "1 message had left it" in verdict.why


def test_a_connection_on_which_nothing_was_sent_is_lost_with_the_message_that_stands_in_it() -> None:
    history = own_application(begun=True, sending=True)
    conn = history.connection("SEND", 40001)
    history.drop("wire.frame")
    opening = {"frame": 1, "from": "client", "type": "method", "method": "channel.open"}
    history.add("wire.frame", IDLE_FROM - 0.2, conn=conn, cell=None, **opening)
    history.close(conn, IDLE_FROM + 5.0)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.FAILED, "cast_lost")
    assert "RabbitMQ closed 1 connection on which nothing had been sent" in verdict.why


def test_an_own_application_that_sent_a_message_for_each_request_is_not_accused() -> None:
    assert own_application(published=2).cell_verdict.outcome is Outcome.KEPT


def test_a_connection_that_forked_processes_share_is_named() -> None:
    history = History.of("uwsgi-native-preload")
    conn, _ = history.pair(beating=True)
    history.add("socket", IDLE_FROM - 0.3, conn=conn, state="ESTABLISHED")
    history.add("socket", IDLE_FROM - 0.2, conn=conn, state="ESTABLISHED", pids=[12, 7])
    (note,) = history.cell_verdict.notes
    assert note.startswith(f"processes 12, 7 share the connection {conn}, which was opened before they were forked")


def test_a_connection_of_one_process_is_not() -> None:
    history = History.of("uwsgi-native")
    conn, _ = history.pair(beating=True)
    history.add("socket", ASKED_AGAIN - 1, conn=conn, state="ESTABLISHED")
    assert history.cell_verdict.notes == []
