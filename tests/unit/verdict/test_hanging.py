"""Requests that wait in vain, threads that wait for ever, and what is told first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History

LIBRARIES = "/opt/venv/lib/python3.13/site-packages"
DRIVER = f"{LIBRARIES}/oslo_messaging/_drivers/impl_rabbit.py"
REFUSED = "Traceback\ngreenlet.error: Cannot switch to a different thread\n\tCurrent: a\n\tExpected: b"

LOCK = [
    ("BaseHub.switch", f"{LIBRARIES}/eventlet/hubs/hub.py"),
    ("Semaphore.acquire", f"{LIBRARIES}/eventlet/semaphore.py"),
    ("_RLock.acquire", "/usr/lib/python3.13/threading.py"),
]
LOGGING = [*LOCK, ("Handler.handle", "/usr/lib/python3.13/logging/__init__.py")]
EVENT = [*LOCK[:2], ("Condition.wait", "/usr/lib/python3.13/threading.py"), ("Event.wait", "/usr/lib/threading.py")]
BEATS = {
    "SEND": ("Connection._heartbeat_thread_job", DRIVER),
    "LISTEN": ("Connection._consume", DRIVER),
    "UNKNOWN": ("Connection.consume", DRIVER),
}


def frames(*stack: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"function": name, "file": file, "line": 7, "native": False} for name, file in stack]


def dump(history: History, t: float, *stack: tuple[str, str], hub: dict[str, Any] | None = None, **more: Any) -> None:
    greenlet = {"tid": 21, "name": "root", "frames": frames(*stack), **more}
    hubs = [{"tid": 21, "next_timer_overdue_s": None, "timers": [], "listeners": [], **(hub or {})}]
    history.add("process.greenlets", t, at="loss", greenlets=[greenlet], hubs=hubs)


def no_answer(history: History, t: float, **more: Any) -> None:
    told = {"phase": "after", "what": "call", "status": None, "ms": 6000.0, "error": "ReadTimeout: not answered"}
    history.add("request", t, **{**told, **more})


def works(history: History, since: float, seconds: int, **parts: dict[str, Any]) -> None:
    for second in range(1, seconds + 1):
        told = {history.cell if name == "cell" else name: part for name, part in parts.items()}
        history.add("machine.work", since + second, cell=None, over_s=1.0, parts=told)


def given_up(history: History, **parts: dict[str, Any]) -> CellVerdict:
    """It was given up after 60 s, of which it was to stand still for 6."""
    history.pair(beating=True)
    no_answer(history, ASKED_AGAIN + 0.1, ms=60_000.0, patience_s=6.0)
    works(history, ASKED_AGAIN, 61, **parts)
    return history.cell_verdict


@pytest.mark.parametrize(("processes", "cause"), [("", "deadlock"), ("-processes2", "unexplained")])
def test_of_several_processes_words_without_a_number_are_of_none(processes: str, cause: str) -> None:
    history = History.of(f"prefork-embedded-eventlet-pthread{processes}")
    history.pair(beating=False)
    dump(history, IDLE_FROM + 4.5, *LOCK, BEATS["SEND"], hub={"timers": [{"due_in_s": 0.1, "what": "x"}]})
    history.add("app.log", IDLE_FROM - 2.0, text=REFUSED)
    history.events[-1] = replace(history.events[-1], pid=None)
    assert history.cell_verdict.connections[0].cause == cause


def test_an_answer_that_was_given_up_while_nobody_told_of_work_is_no_hanging() -> None:
    history = History.of()
    history.pair(beating=True)
    no_answer(history, ASKED_AGAIN + 0.1, ms=8_000.0, patience_s=6.0)
    works(history, ASKED_AGAIN, 2, cell={"ran_s": 0.0})
    found = history.cell_verdict
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "late")
    assert "for 0.00 s of that the cell was at work, and for 6.1 s nobody told whether it was" in found.why


def test_an_answer_that_was_given_up_while_the_cell_worked_for_it_is_no_hanging() -> None:
    found = given_up(History.of(), cell={"ran_s": 0.5, "waited_s": 0.45})
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "late")
    assert (
        "a call after the idle period was given up after 60.0 s, but for 57.0 s of that the cell was at work"
        in found.why
    )


def test_nor_is_one_while_the_broker_had_no_core() -> None:
    assert given_up(History.of(), rabbitmq={"waited_s": 0.95}).cause == "late"


def test_nor_does_a_cell_hang_of_which_a_process_was_stopped_by_a_signal() -> None:
    found = given_up(History.of(), cell={"stopped": [History.of().pid]})
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "disturbed")
    assert "a process of it was stopped by a signal (SIGSTOP), not by the probe" in found.why
    assert given_up(History.of(), cell={"stopped": [1]}).outcome is Outcome.HUNG, "it holds no connection"


@pytest.mark.parametrize(
    "parts", [{}, {"cell": {"ran_s": 0.05}}, {"compute": {"ran_s": 0.9}}, {"other": {"ran_s": 1.0}}]
)
def test_a_cell_that_stood_still_for_long_enough_hangs(parts: dict[str, Any]) -> None:
    found = given_up(History.of(), **parts)
    assert (found.outcome, found.cause) == (Outcome.HUNG, "call_timed_out")


def test_threads_that_can_never_be_woken_hang_whatever_others_of_the_process_do() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    dump(history, ASKED_AGAIN + 3.0, *LOGGING, ("Connection.ensure", DRIVER))
    found = given_up(history, cell={"ran_s": 1.0})
    assert (found.outcome, found.cause) == (Outcome.HUNG, "deadlock")


def test_a_connection_that_was_lost_is_told_all_the_same() -> None:
    history = History.of()
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    no_answer(history, ASKED_AGAIN + 0.1, ms=60_000.0, patience_s=6.0)
    works(history, ASKED_AGAIN, 61, cell={"ran_s": 1.0})
    assert (history.cell_verdict.outcome, history.cell_verdict.cause) == (Outcome.LOST, "hub_not_run")


def timed_out(**parts: dict[str, Any]) -> CellVerdict:
    """A call after the idle period, answered 504 after the 4 s that it may take."""
    history = History.of()
    history.pair(beating=True)
    history.add("request", ASKED_AGAIN + 1.0, phase="after", what="call", status=504, ms=4000.0, error="timed out")
    works(history, ASKED_AGAIN + 1.0, 4, **parts)
    return history.cell_verdict


@pytest.mark.parametrize("who", ["cell", "rabbitmq", "compute"])
def test_a_call_whose_reply_had_no_core_to_come_by_is_no_hanging(who: str) -> None:
    found = timed_out(**{who: {"waited_s": 0.9}})
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "late")
    assert "got no reply within 4.0 s, but for 3.6 s of that those who were to bring it waited for a core" in found.why


@pytest.mark.parametrize("parts", [{}, {"cell": {"ran_s": 1.0}}, {"compute": {"waited_s": 0.5}}])
def test_a_call_that_had_time_for_its_reply_hangs(parts: dict[str, Any]) -> None:
    assert timed_out(**parts).outcome is Outcome.HUNG


@pytest.mark.parametrize("purpose", ["SEND", "LISTEN", "UNKNOWN"])
@pytest.mark.parametrize("named", [True, False], ids=["the dump names the connection", "it names none"])
def test_what_beats_waits_for_a_lock_of_loggings_whatever_the_connection_is_for(purpose: str, named: bool) -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    conn = history.connection(purpose, 40001)
    if purpose == "UNKNOWN":
        history.drop("broker.channel.created")
    history.close(conn, IDLE_FROM + 5.0)
    dump(history, IDLE_FROM + 5.1, *LOGGING, BEATS[purpose], conn=conn if named else None)
    (connection,) = history.cell_verdict.connections
    assert (str(connection.purpose), str(connection.outcome), connection.cause) == (purpose, "lost", "deadlock")
    assert "waits for ever: OS thread 21 is suspended in logging's lock" in connection.why


def lost(history: History) -> CellVerdict:
    history.close(history.connection("SEND", 40001), IDLE_FROM + 5.0)
    return history.cell_verdict


def test_a_lock_of_another_kind_is_one_too_and_the_log_proves_it() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    dump(history, IDLE_FROM + 5.1, *LOCK, ("Cache.get", "/app/cache.py"), BEATS["SEND"], hub={"timers": [{}]})
    assert lost(history).cause == "unexplained"  # its hub has more to do, which may wake it
    history.add("app.log", IDLE_FROM + 1.0, text=REFUSED)
    (connection,) = history.cell_verdict.connections
    assert connection.cause == "deadlock"
    assert "in get (cache.py:7), called by _heartbeat_thread_job (impl_rabbit.py:7)" in connection.why
    assert {piece.kind for piece in connection.evidence} >= {"process.greenlets", "app.log"}


def test_a_lock_in_which_it_stays_is_one_too() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    for t in (IDLE_FROM + 3.0, IDLE_FROM + 5.1):
        dump(history, t, *LOCK, BEATS["SEND"], hub={"listeners": [{"fd": 3}]})
    assert lost(history).cause == "deadlock"


def test_the_log_of_another_process_proves_nothing_of_this_one() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    dump(history, IDLE_FROM + 5.1, *LOCK, BEATS["SEND"], hub={"timers": [{}]})
    history.pid = 99
    history.add("app.log", IDLE_FROM + 1.0, text=REFUSED)
    history.pid = 12
    assert lost(history).cause == "unexplained"


def test_who_waits_for_an_event_waits_for_no_lock() -> None:
    history = History.of()
    dump(history, IDLE_FROM + 5.1, *EVENT, BEATS["SEND"])
    history.add("app.log", IDLE_FROM + 1.0, text=REFUSED)
    assert lost(history).cause != "deadlock"


def test_a_deadlock_seen_after_the_process_was_used_again_is_not_the_lost_connections() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    dump(history, ASKED_AGAIN + 1.0, *LOGGING, BEATS["SEND"])
    assert lost(history).cause == "unexplained"


def test_a_request_that_never_returns_is_told_before_a_lost_connection() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    history.pair(beating=False)
    history.looked_at(syscall="accept4", module="mod_mpm_prefork.so")
    no_answer(history, ASKED_AGAIN + 0.1)
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.HUNG, "call_timed_out")
    assert verdict.why.endswith("no answer at all within 6.0 s; besides, SEND and LISTEN lost: nothing runs the hub")
    assert {c.outcome for c in verdict.connections} == {Outcome.LOST}


def test_a_call_that_timed_out_where_a_connection_was_lost_is_explained_by_that() -> None:
    history = History.of()
    history.pair(beating=False)
    history.requests(after_status=504)
    assert history.cell_verdict.outcome is Outcome.LOST


def test_the_thread_that_keeps_a_request_waiting_is_told() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    history.pair(beating=True)
    no_answer(history, ASKED_AGAIN + 0.1)
    dump(history, ASKED_AGAIN + 3.0, *LOGGING, ("Connection.ensure", DRIVER))
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.HUNG, "deadlock")
    assert "at loss OS thread 21 is suspended in logging's lock" in verdict.why


def test_what_was_seen_before_a_request_was_sent_does_not_explain_it() -> None:
    history = History.of("prefork-daemon-eventlet-pthread")
    history.pair(beating=True)
    dump(history, IDLE_FROM + 3.0, *LOGGING, ("Connection.ensure", DRIVER))
    no_answer(history, ASKED_AGAIN + 0.1)
    assert history.cell_verdict.cause == "call_timed_out"


@pytest.mark.parametrize("what", ["call", "cast", "page"])
def test_requests_in_the_idle_period_are_told_by_what_was_asked_and_not_by_when(what: str) -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    no_answer(history, IDLE_FROM + 2.0, phase="during", what=what)
    verdict = history.cell_verdict
    page = what == "page"
    assert (verdict.outcome, verdict.cause) == (Outcome.HUNG, "not_answered" if page else "call_timed_out")
    assert ("got no reply over RabbitMQ" in verdict.why) is not page
    assert any("pages failed" in note or "page failed" in note for note in verdict.notes) is page


def test_calls_in_the_idle_period_are_no_pages() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    for second in range(1, 9):
        history.add("request", IDLE_FROM + second * 0.5, phase="during", what="call", status=200, ms=5.0, thread=7)
    history.trickle(pages=3)
    verdict = history.cell_verdict
    assert "in which its process answered 3 pages" in verdict.connections[0].why
    assert "8" not in verdict.connections[0].why


def test_a_pool_that_grows_replaces_nothing() -> None:
    history = History.of("prefork-daemon-native")
    history.pair(beating=True)
    history.beat(history.connection("SEND", 40003, opened=IDLE_FROM + 1.0), start=IDLE_FROM + 1.0)
    verdict = history.cell_verdict
    assert verdict.outcome is Outcome.KEPT
    assert verdict.notes == ["1 connection opened in the idle period besides those there were"]


def test_one_that_ended_is_replaced_by_one_only() -> None:
    history = History.of("prefork-daemon-native")
    send, _ = history.pair(beating=True)
    history.close(send, IDLE_FROM + 3.0, "client_closed", sender="client", how="fin")
    for port in (40003, 40004):
        history.connection("SEND", port, opened=IDLE_FROM + 3.5)
    assert history.cell_verdict.notes == [
        "1 connection opened in the idle period in place of what had ended",
        "1 connection opened in the idle period besides those there were",
    ]


@pytest.mark.parametrize("mount", ["", "/compute"])
@pytest.mark.parametrize(("took_us", "outcome"), [(6_800_000, Outcome.LOST), (200_000, Outcome.HUNG)])
def test_a_request_that_was_answered_after_it_was_given_up_was_slow_and_did_not_hang(
    took_us: int, outcome: Outcome, mount: str
) -> None:
    history = History.of()
    history.pair(beating=False)
    no_answer(history, ASKED_AGAIN, method="GET", path="/diagnostics")
    text = f'200 {took_us}us "GET {mount}/diagnostics HTTP/1.1" 7:12'
    history.add("app.log", ASKED_AGAIN + 0.02, source="httpd", level="info", logger="access", text=text)
    verdict = history.cell_verdict
    assert verdict.outcome is outcome
    told = [note for note in verdict.notes if "was given up, and answered after 6.8 s" in note]
    assert bool(told) is (outcome is Outcome.LOST)
