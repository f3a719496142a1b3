"""Every rule of the verdict, on records written by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbed.cells.expressions import select
from heartbed.record.connection import Purpose
from heartbed.record.event import only
from heartbed.record.kinds import ProcessGreenlets, RunStart
from heartbed.verdict.values import Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, TIMEOUT_S, History


def test_beating_connections_are_kept() -> None:
    history = History.of()
    history.pair(beating=True)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.KEPT, "")
    assert [c.purpose for c in verdict.connections] == [Purpose.SEND, Purpose.LISTEN]
    assert "longest silence" in verdict.why
    assert verdict.cost.before_ms == 10.0
    assert verdict.cost.after_ms == 20.0


def test_what_rabbitmq_closed_for_missed_heartbeats_is_lost_and_timed_by_the_capture() -> None:
    history = History.of()
    history.pair(beating=False)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.LOST
    send = verdict.connections[0]
    assert send.closed == IDLE_FROM + 5.0
    assert send.lost_after_s == pytest.approx(5.3)  # from its last octet, 0.3 s before the idle period
    assert send.closed_by == "broker"
    assert {piece.kind for piece in send.evidence} >= {"broker.log", "wire.close", "broker.connection.closed"}


def test_without_capture_nobody_knows_how_long_after_the_last_octet_a_connection_was_lost() -> None:
    history = History.of()
    history.pair(beating=False)
    history.events = [event for event in history.events if not event.kind.startswith("wire.")]
    # The silent control is then timed from its opening.
    verdict = history.verdict
    (cell,) = verdict.cells
    assert cell.outcome is Outcome.LOST
    assert cell.lost_after_s is None
    assert "it sent not one octet" not in cell.why
    assert cell.connections[0].heartbeats_sent is None
    assert "there is no capture of the wire" in verdict.missing


def test_of_what_a_torn_capture_shows_nothing_is_counted() -> None:
    history = History.of()
    torn, whole = history.pair(beating=False)
    reason = f"packets of {torn} are missing from the capture before frame 7"
    history.add("wire.missing", IDLE_FROM + 4.0, conn=torn, cell=None, reason=reason)
    cell = history.cell_verdict
    send, listen = cell.connections
    assert (send.outcome, send.lost_after_s, send.heartbeats_sent, send.longest_gap_s) == (
        Outcome.LOST,
        None,
        None,
        None,
    )
    assert send.why.endswith("there is no whole capture of what it sent")
    assert listen.why.endswith("it sent not one octet after the last request was answered")
    assert listen.conn == whole
    assert listen.lost_after_s == cell.lost_after_s == pytest.approx(5.3)


def test_a_capture_that_ended_early_shows_nobodys_silence() -> None:
    history = History.of()
    history.pair(beating=True)
    history.events = [e for e in history.events if not e.kind.startswith("wire.") or e.t < IDLE_FROM + 2.0]
    cell = history.cell_verdict
    assert (cell.outcome, cell.why) == (Outcome.KEPT, "RabbitMQ left it open for 7.0 s; there is no whole capture")
    history = History.of()
    for conn in history.pair(beating=False):
        history.beat(conn, end=IDLE_FROM + 2.5)
    history.events = [e for e in history.events if not e.kind.startswith("wire.") or e.t < IDLE_FROM + 1.0]
    cell = history.cell_verdict
    assert (cell.outcome, cell.lost_after_s) == (Outcome.LOST, None)
    assert "not one octet" not in cell.why
    assert "was last heard" not in cell.why


def test_a_loss_while_a_cell_is_opened_is_not_timed_from_later() -> None:
    history = History.of()
    conn = history.connection("SEND", 40001, opened=IDLE_FROM - 8.0)
    history.close(conn, IDLE_FROM - 3.0)
    history.beat(history.connection("LISTEN", 40002))
    history.events = [event for event in history.events if not event.kind.startswith("wire.")]
    assert history.cell_verdict.connections[0].lost_after_s is None


def test_a_record_that_ends_before_the_last_answer_tells_of_no_negative_time() -> None:
    history = History.of(controls=False)
    history.pair(beating=True)
    history.add("request", IDLE_FROM, phase="before", what="call", status=200, ms=900.0, error=None)
    history.events = [event for event in history.events if event.t <= IDLE_FROM]
    told = history.cell_verdict.connections[0].why
    assert told == "it was left idle for 0.00 s, but RabbitMQ may take 6.0 s to close"


def test_one_lost_connection_makes_the_cell_lost_and_the_other_is_told_apart() -> None:
    history = History.of()
    history.close(history.connection("SEND", 40001), IDLE_FROM + 5.0)
    history.beat(history.connection("LISTEN", 40002))
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.LOST
    assert [c.outcome for c in verdict.connections] == [Outcome.LOST, Outcome.KEPT]
    assert verdict.why.startswith("SEND: ")


def test_the_cause_names_the_thread_that_does_not_run_the_hub() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    verdict = history.cell_verdict
    assert verdict.cause == "hub_not_run"
    assert "accept4 of mod_mpm_prefork.so" in verdict.why
    assert "due for 2.4 s" in verdict.why
    assert "_heartbeat_thread_job (impl_rabbit.py:1)" in verdict.connections[0].why
    assert "poll (amqpdriver.py:2)" in verdict.connections[1].why


def test_a_thread_seen_in_the_hub_is_no_proof_that_the_hub_is_not_run() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(hub=True)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")


def test_hub_that_ran_while_the_cell_was_still_being_opened_says_nothing_of_its_idle_time() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    in_hub = [{"function": "wait", "file": "/venv/eventlet/hubs/poll.py", "line": 80}]
    threads = [{"tid": 77, "syscall": "epoll_wait", "frames": in_hub}]
    history.add("process.stacks", IDLE_FROM - 0.2, at="opening", by="itself", threads=threads)
    assert history.cell_verdict.cause == "hub_not_run"


def test_look_that_came_after_the_cell_was_asked_again_proves_nothing() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(beater=False)
    history.events = [
        replace(event, t=ASKED_AGAIN + 1.0) if event.kind.startswith("process.") else event for event in history.events
    ]
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")


def test_run_of_files_that_nobody_trusts_says_what_is_not_proven() -> None:
    history = History.of()
    history.pair(beating=False)
    start = history.events[0]
    assert isinstance(start.data, RunStart)
    history.events[0] = replace(start, data=start.data.model_copy(update={"untrusted": True}))
    verdict = history.verdict
    assert any("--untrusted" in words and "cause of a loss is not proven" in words for words in verdict.missing)


def test_no_thread_that_beats() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(beater=False)
    assert history.cell_verdict.cause == "no_heartbeat_thread"


def test_without_stacks_a_loss_has_no_invented_cause() -> None:
    history = History.of()
    history.pair(beating=False)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")
    assert "no stack" in verdict.why


def test_an_option_that_the_version_does_not_have_is_the_cause() -> None:
    history = History.of("prefork-daemon-eventlet-pthread-oslo18.3.1")
    history.facts(heartbeat_in_pthread_exists=False, heartbeat_in_pthread=None)
    history.pair(beating=False)
    history.looked_at()
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "option_unknown")
    assert "oslo.messaging 18.3.1 has no such option" in verdict.why


def test_a_commit_is_not_taken_for_the_release_before_it() -> None:
    history = History.of("prefork-daemon-eventlet-pthread-oslo17.3.0")
    start = history.events[0].data
    assert isinstance(start, RunStart)
    start.cells[0].patched["oslo.messaging"] = "624f857"
    history.facts(heartbeat_in_pthread_exists=False, heartbeat_in_pthread=None, sources={"oslo.messaging": "624f857"})
    history.pair(beating=False)
    history.looked_at()
    assert "oslo.messaging 17.3.0@624f857 has no such option" in history.cell_verdict.why
    assert history.verdict.versions["oslo.messaging"] == "17.3.0@624f857"


def test_an_option_that_is_unknown_explains_no_loss_of_which_nothing_was_seen() -> None:
    history = History.of("prefork-daemon-eventlet-pthread-oslo18.3.1")
    history.facts(heartbeat_in_pthread_exists=False, heartbeat_in_pthread=None)
    history.pair(beating=False)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")
    assert "oslo.messaging 18.3.1 has no such option; no stack of process 12 was taken" in verdict.why


def test_what_rabbitmq_closed_is_lost_though_the_capture_shows_only_the_clients_late_end() -> None:
    history = History.of()
    for conn in history.pair(beating=False):
        history.events = [e for e in history.events if (e.conn, e.kind) != (conn, "wire.close")]
        history.add("wire.close", ASKED_AGAIN + 0.5, conn=conn, cell=None, frame=11, how="fin", **{"from": "client"})
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.LOST
    assert {(conn.closed, conn.closed_by) for conn in verdict.connections} == {(IDLE_FROM + 5.002, "broker")}


def test_a_look_from_before_a_connection_was_opened_tells_nothing_of_it() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at()
    history.events = [
        replace(event, t=IDLE_FROM - 5.0)
        if event.kind.startswith("process.")
        else replace(event, pid=None)
        if event.kind == "request"
        else event
        for event in history.events
    ]
    assert history.cell_verdict.cause == "unexplained"


def test_a_request_that_was_refused_is_not_said_to_have_waited() -> None:
    history = History.of()
    history.pair(beating=True)
    history.drop("request", phase="after")
    refused: dict[str, Any] = {"status": None, "ms": 1.0, "error": "ConnectionError: refused"}
    history.add("request", ASKED_AGAIN, phase="after", what="call", **refused)
    assert history.cell_verdict.why.endswith("a call after the idle period failed: refused or cut off after 0.00 s")


def test_each_cause_is_told_of_the_connections_that_it_is_about() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at()
    (dump,) = only(history.events, ProcessGreenlets)
    sends = dump.data.model_copy(update={"greenlets": dump.data.greenlets[:1]})
    history.events = [replace(dump, data=sends) if event is dump else event for event in history.events]
    verdict = history.cell_verdict
    assert verdict.why.startswith("SEND: nothing runs the eventlet hub")
    assert verdict.why.endswith("; besides, LISTEN lost: no heartbeat thread")


def test_heartbeats_switched_off_keep_a_connection_and_say_so() -> None:
    history = History.of("prefork-daemon-eventlet-heartbeat0")
    for purpose, port in (("SEND", 40001), ("LISTEN", 40002)):
        history.connection(purpose, port, timeout=0)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.KEPT, "heartbeat_disabled")
    assert "neither side notices a dead peer" in verdict.why


def test_a_call_that_times_out_on_kept_connections_is_hung() -> None:
    history = History.of()
    history.pair(beating=True)
    history.requests(after_status=504)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.HUNG, "call_timed_out")
    assert "after the idle period" in verdict.why


def test_a_call_that_times_out_before_idling_is_hung_too() -> None:
    history = History.of()
    history.pair(beating=True)
    history.requests(before_status=504)
    assert history.cell_verdict.outcome is Outcome.HUNG


def test_lost_outranks_hung_and_both_are_told() -> None:
    history = History.of()
    history.pair(beating=False)
    history.requests(after_status=504)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.LOST
    assert any("got no reply" in note for note in verdict.notes)


def test_another_failure_after_idling_is_not_called_kept() -> None:
    history = History.of()
    history.pair(beating=True)
    history.requests(after_status=500)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "500" in verdict.why


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"mpm": "event"}, "the server is event, asked was prefork"),
        ({"mode": "embedded"}, "the mod_wsgi mode is embedded, asked was daemon"),
        ({"model": "native"}, "the execution model is native, asked was eventlet"),
        ({"threads": 15}, "threads a process is 15, asked was 1"),
        ({"heartbeat_timeout_threshold": 60}, "heartbeat_timeout_threshold is 60, asked was 2"),
        ({"heartbeat_in_pthread": True}, "heartbeat_in_pthread is True, asked was False"),
        ({"versions": {"oslo.messaging": "14.0.0"}}, "oslo.messaging is 14.0.0, asked was 17.3.2"),
    ],
)
def test_a_cell_that_is_not_what_it_claims_has_no_verdict(changed: dict[str, object], told: str) -> None:
    history = History.of()
    history.pair(beating=True)
    history.facts(**changed)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "not_as_asked")
    assert told in verdict.why


def test_a_cell_of_a_release_must_have_its_whole_set() -> None:
    history = History.of("prefork-daemon-eventlet-train")
    history.pair(beating=True)
    (cell,) = select(["prefork-daemon-eventlet-train"]).cells
    history.facts(versions=cell.packages)
    assert history.cell_verdict.outcome is Outcome.KEPT
    history.facts(versions={**cell.packages, "oslo.utils": "10.2.0"})
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "not_as_asked")
    assert f"oslo.utils is 10.2.0, asked was {cell.packages['oslo.utils']}" in verdict.why


def test_a_negotiated_timeout_that_differs_is_a_disagreement() -> None:
    history = History.of()
    history.connection("SEND", 40001, timeout=1)
    assert "the negotiated timeout of SEND is 1.0, asked was 2" in history.cell_verdict.why


def test_no_connection_no_verdict() -> None:
    assert History.of().cell_verdict.cause == "no_connection"


def test_a_purpose_that_was_never_opened_is_not_kept() -> None:
    history = History.of()
    history.beat(history.connection("SEND", 40001))
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "no_connection")
    assert "no LISTEN connection" in verdict.why


def test_a_cell_of_which_one_process_opened_no_connection_is_not_kept() -> None:
    history = History.of("prefork-daemon-native-processes2")
    history.pair(beating=True)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "no_connection")
    assert verdict.why.startswith("only 1 of 2 processes had connections when it began to idle")


def test_a_replaced_connection_is_not_kept() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, "client_closed", sender="client", how="fin")
    history.connection("SEND", 40003, opened=IDLE_FROM + 3.5)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.cause == "client_closed"
    assert len(verdict.connections) == 2
    assert "1 connection opened in the idle period in place of what had ended" in verdict.notes


@pytest.mark.parametrize(
    ("reason", "sender", "how", "cause"),
    [
        ("client_closed", "client", "fin", "client_closed"),
        ("clean", "client", "fin", "client_closed"),
        ("error", "broker", "fin", "broker_closed"),
        ("", "client", "rst", "client_closed"),
        ("", "broker", "rst", "unexplained"),
        ("client_closed", "broker", "fin", "unexplained"),
        ("", "client", "", "network"),
    ],
)
def test_other_ends_are_told_apart_and_are_not_heartbeat_loss(reason: str, sender: str, how: str, cause: str) -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, reason, sender=sender, how=how)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, cause)


def test_without_capture_and_log_nobody_knows_who_closed_a_connection() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, "", how="")
    history.events = [event for event in history.events if event.kind != "wire.frame"]
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "unexplained")
    assert verdict.why.endswith("neither RabbitMQ's log nor a whole capture tells by whom")


def test_what_rabbitmq_closed_was_not_taken_along_by_its_process() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, "error", sender="broker", how="fin")
    history.add("process.gone", IDLE_FROM + 3.5)
    assert history.cell_verdict.connections[0].cause == "broker_closed"


@pytest.mark.parametrize(("used_s", "cause"), [(2.0, "client_closed"), (9.0, "pool_expiry")])
def test_a_pool_drops_what_was_unused_for_long_enough(used_s: float, cause: str) -> None:
    history = History.of()
    history.facts(conn_pool_ttl=8)
    send = history.connection("SEND", 40001, opened=IDLE_FROM - 9.0)
    history.beat(history.connection("LISTEN", 40002))
    history.beat(send, start=IDLE_FROM - 8.0)
    history.drop("request")
    history.add("request", IDLE_FROM + 4.0 - used_s, phase="before", what="call", status=200, ms=10.0, error=None)
    history.close(send, IDLE_FROM + 4.0, "clean", sender="client", how="fin")
    assert history.cell_verdict.connections[0].cause == cause


def test_what_the_client_ended_before_idling_began_is_told_and_not_judged() -> None:
    history = History.of()
    history.pair(beating=True)
    early = history.connection("SEND", 40003, opened=IDLE_FROM - 4.0)
    history.close(early, IDLE_FROM - 2.0, "client_closed", sender="client", how="fin")
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.KEPT
    assert len(verdict.connections) == 2
    assert "1 connection ended by the client itself before it began to idle: 2.0 s before" in verdict.notes


def test_a_cell_that_gave_up_its_only_connection_to_send_is_not_kept() -> None:
    history = History.of()
    history.beat(history.connection("LISTEN", 40002))
    early = history.connection("SEND", 40001, opened=IDLE_FROM - 3.0)
    history.close(early, IDLE_FROM - 1.0, "client_closed", sender="client", how="fin")
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "no_connection")


def test_what_was_lost_before_idling_began_counts() -> None:
    history = History.of()
    history.pair(beating=True)
    early = history.connection("SEND", 40003, opened=IDLE_FROM - 9.0)
    history.close(early, IDLE_FROM - 1.0)
    assert history.cell_verdict.outcome is Outcome.LOST


def test_a_child_that_was_reaped_is_not_heartbeat_loss() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.add("process.gone", IDLE_FROM + 3.1)
    history.close(send, IDLE_FROM + 3.0, "client_closed", sender="client", how="fin")
    assert history.cell_verdict.cause == "process_gone"


def test_where_mod_wsgi_says_why_it_ends_a_process_its_words_are_told() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    said = "Daemon process idle inactivity timer expired, stopping process 'nova'."
    history.add("app.log", IDLE_FROM + 2.8, source="httpd", level="info", logger="wsgi", text=said)
    history.add("process.gone", IDLE_FROM + 3.1)
    history.close(send, IDLE_FROM + 3.0, "client_closed", sender="client", how="fin")
    verdict = history.cell_verdict
    assert verdict.cause == "process_gone"
    assert "took the connection along (mod_wsgi: Daemon process idle inactivity timer expired, stopping" in verdict.why
    assert said in [piece.text for piece in verdict.evidence]


def test_pool_expiry_is_told_from_other_clean_closes() -> None:
    history = History.of()
    history.facts(conn_pool_ttl=3)
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, "clean", sender="client", how="fin")
    assert history.cell_verdict.cause == "pool_expiry"


def test_a_loss_that_the_capture_contradicts_is_inconclusive() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 5.0)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "unexplained")
    assert "contradict" in verdict.why


def test_a_silent_client_that_rabbitmq_does_not_close_is_inconclusive() -> None:
    history = History.of()
    history.connection("SEND", 40001)
    history.connection("LISTEN", 40002)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.INCONCLUSIVE, "unexplained")


def test_nothing_is_kept_that_nobody_watched() -> None:
    history = History.of()
    history.pair(beating=True)
    history.events = [event for event in history.events if not event.kind.startswith("wire.")]
    assert history.cell_verdict.outcome is Outcome.KEPT
    history.add("observer.failed", IDLE_FROM + 1, cell=None, observer="broker_events", reason="the connection broke")
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the connection broke" in verdict.why


def test_what_happens_after_asking_again_has_no_say() -> None:
    history = History.of()
    send, _ = history.pair(beating=True)
    history.close(send, ASKED_AGAIN + 0.5, "client_closed", sender="client", how="fin")
    assert history.cell_verdict.outcome is Outcome.KEPT


def test_an_interrupted_run_says_what_it_saw_and_that_it_is_too_short() -> None:
    history = History.of()
    history.pair(beating=True)
    history.events = [event for event in history.events if event.t < IDLE_FROM + 3.0]
    history.end("interrupted")
    verdict = history.verdict
    assert verdict.status == "interrupted"
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("interrupted" in text for text in verdict.missing)


def test_a_killed_run_is_recognised_by_having_no_end() -> None:
    history = History.of()
    assert history.verdict.status == "killed"


def without(history: History, name: str) -> None:
    history.events = [event for event in history.events if event.cell != name]


@pytest.mark.parametrize("name", ["control-silent", "control-beating", "compute"])
def test_a_control_that_is_missing_makes_the_run_inconclusive(name: str) -> None:
    history = History.of()
    history.pair(beating=True)
    without(history, name)
    verdict = history.verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert name in verdict.reason
    assert verdict.cells[0].cause == "control_failed"
    assert any("not to be trusted: kept" in note for note in verdict.cells[0].notes)


def test_a_silent_control_that_survives_makes_the_run_inconclusive() -> None:
    history = History.of()
    history.pair(beating=False)
    history.events = [event for event in history.events if event.conn != "172.30.0.9:50001" or "clos" not in event.kind]
    history.events = [event for event in history.events if event.kind != "broker.log" or "50001" not in str(event.conn)]
    verdict = history.verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "control-silent" in verdict.reason
    assert verdict.cells[0].lost_after_s is None
    assert any("not to be trusted: lost" in note for note in verdict.cells[0].notes)


def test_a_beating_control_that_is_closed_makes_the_run_inconclusive() -> None:
    history = History.of()
    history.pair(beating=False)
    history.close("172.30.0.9:50002", IDLE_FROM + 4.0)
    assert "control-beating" in history.verdict.reason


def test_a_stalled_machine_makes_the_run_inconclusive_and_says_for_how_long() -> None:
    history = History.of()
    history.pair(beating=False)
    history.add("machine.lag", IDLE_FROM + 3.0, cell=None, max_ms=2400.0, steps_ms=0.0)
    verdict = history.verdict
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "the machine stalled for 2.4 s" in verdict.reason


def test_a_stepped_clock_makes_the_run_inconclusive() -> None:
    history = History.of()
    history.pair(beating=True)
    history.add("machine.lag", IDLE_FROM + 3.0, cell=None, max_ms=1.0, steps_ms=-5000.0)
    assert "clock stepped" in history.verdict.reason


def test_lag_outside_the_idle_window_does_not_matter() -> None:
    history = History.of()
    history.pair(beating=True)
    history.add("machine.lag", IDLE_FROM - 9 * TIMEOUT_S, cell=None, max_ms=9000.0, steps_ms=0.0)
    assert history.verdict.outcome is Outcome.KEPT
