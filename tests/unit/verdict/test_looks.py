"""What a look into a process proves depends on when it was taken: later it tells of the next connection."""

from __future__ import annotations

from typing import Any

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import ProcessStacks
from heartbed.verdict.unseen import MOST_NAMES
from heartbed.verdict.values import Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History

LIBRARIES = "/opt/venv/lib/python3.13/site-packages"
DRIVER = f"{LIBRARIES}/oslo_messaging/_drivers/impl_rabbit.py"
LATE = ASKED_AGAIN + 17.0
LOST = IDLE_FROM + 5.0


def python(*functions: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"function": name, "file": file, "line": 1, "native": False} for name, file in functions]


BEATS = python(("Connection._heartbeat_thread_job", DRIVER))
SERVES = python(("serve", "/app/own.py"))
NATIVE = [{"function": "accept4", "file": "/usr/lib/apache2/modules/mod_mpm_prefork.so", "line": 0, "native": True}]


def look(history: History, t: float, *greenlets: dict[str, Any], at: str = "mid-idle", **more: Any) -> None:
    """Stacks of one OS thread that idles in httpd, and a dump of these green threads, which are its."""
    threads = more.pop("stacks", [{"tid": 77, "name": "apache2", "syscall": "accept4", "frames": NATIVE}])
    history.add("process.stacks", t, at=at, threads=threads, took_ms=more.pop("took_ms", 50.0))
    dumped = [{"tid": 77, "name": "g", **each} for each in greenlets]
    history.add("process.greenlets", t, at=at, greenlets=dumped, hubs=[], **more)


def lost() -> tuple[History, str, str]:
    history = History.of()
    send, listen = history.pair(beating=False)
    return history, send, listen


def test_a_look_after_the_cell_was_asked_again_is_no_proof_that_a_thread_was_missing() -> None:
    """In a run of 92 cells looks came 17 s late, and listed the thread that beats for the next connection."""
    history, *_ = lost()
    look(history, LATE, {"frames": BEATS, "conn": "172.30.0.5:49999"}, {"frames": SERVES})
    verdict = history.cell_verdict
    assert (verdict.outcome, verdict.cause) == (Outcome.LOST, "unexplained")
    assert "was looked at only after it had been used again" in verdict.why


def test_a_look_after_the_cell_was_asked_again_is_no_proof_that_the_hub_was_not_run() -> None:
    history, send, _ = lost()
    look(history, LATE, {"frames": BEATS, "conn": send})
    assert history.cell_verdict.cause == "unexplained"


def test_stacks_that_were_not_ready_when_the_cell_was_asked_again_came_too_late() -> None:
    history, send, _ = lost()
    look(history, ASKED_AGAIN - 1.0, {"frames": BEATS, "conn": send}, took_ms=1500.0)
    assert history.cell_verdict.connections[0].cause == "unexplained"


def test_a_look_in_time_is_a_proof_also_after_the_loss() -> None:
    history, send, _ = lost()
    look(history, ASKED_AGAIN - 1.0, {"frames": BEATS, "conn": send}, at="loss")
    assert history.cell_verdict.connections[0].cause == "hub_not_run"


@pytest.mark.parametrize("used", ["a call", "a call that was not answered", "another connection"])
def test_a_look_after_the_process_was_used_again_tells_nothing_of_the_lost_connection(used: str) -> None:
    history, send, _ = lost()
    if used == "another connection":
        history.connection("SEND", 40009, opened=LOST + 0.5)
    else:
        history.pid = 12 if used == "a call" else None  # type: ignore[assignment]  # nobody answered
        history.add("request", LOST + 0.5, phase="during", what="call", status=200, ms=5.0)
        history.pid = 12
    look(history, LOST + 1.0, {"frames": BEATS, "conn": send}, at="loss")
    assert history.cell_verdict.connections[0].cause == "unexplained"


@pytest.mark.parametrize("what", ["page", "facts"])
def test_a_page_is_no_use_of_the_process(what: str) -> None:
    history, send, _ = lost()
    history.add("request", LOST + 0.5, phase="during", what=what, status=200, ms=5.0)
    look(history, LOST + 1.0, {"frames": BEATS, "conn": send}, at="loss")
    assert history.cell_verdict.connections[0].cause == "hub_not_run"


def test_another_process_that_is_used_tells_nothing_of_this_one() -> None:
    history, send, _ = lost()
    history.pid = 13
    history.add("request", LOST + 0.5, phase="during", what="call", status=200, ms=5.0)
    history.pid = 12
    look(history, LOST + 1.0, {"frames": BEATS, "conn": send}, at="loss")
    assert history.cell_verdict.connections[0].cause == "hub_not_run"


def test_a_complete_look_without_a_thread_that_beats_is_a_proof() -> None:
    history, *_ = lost()
    look(history, IDLE_FROM + 3.0, {"frames": SERVES})
    assert history.cell_verdict.cause == "no_heartbeat_thread"


@pytest.mark.parametrize(
    "also",
    [
        {"frames": [], "name": "not started"},
        {"frames": [], "name": "greenlet", "tid": None},
        {"frames": SERVES, "name": "Rabbit-heartbeat"},
    ],
    ids=["a green thread that has not begun", "one of which nothing is known", "one that has the name"],
)
def test_a_look_that_leaves_room_for_a_thread_that_beats_is_no_proof_that_there_is_none(also: dict[str, Any]) -> None:
    history, *_ = lost()
    look(history, IDLE_FROM + 3.0, {"frames": SERVES}, also)
    assert history.cell_verdict.cause == "unexplained"


@pytest.mark.parametrize("missing", ["stacks", "dump", "threads"])
def test_half_a_look_is_no_proof_that_there_is_no_thread(missing: str) -> None:
    history, *_ = lost()
    look(history, IDLE_FROM + 3.0, {"frames": SERVES}, stacks=[] if missing == "threads" else [{"tid": 77}])
    history.drop({"stacks": "process.stacks", "dump": "process.greenlets"}.get(missing, "none"))
    assert history.cell_verdict.cause == "unexplained"


def test_a_native_thread_that_beats_is_one() -> None:
    history, *_ = lost()
    threads = [{"tid": 78, "name": "Rabbit-heartbeat", "syscall": "futex", "frames": BEATS}]
    look(history, IDLE_FROM + 3.0, {"frames": SERVES}, stacks=threads)
    assert history.cell_verdict.connections[0].cause == "unexplained"


def test_pages_are_judged_by_looks_in_time_only() -> None:
    history, send, _ = lost()
    history.trickle(pages=4)
    look(history, IDLE_FROM + 4.5, {"frames": BEATS, "conn": send})
    (stacks,) = only(history.events, ProcessStacks)
    assert stacks.t < ASKED_AGAIN
    history.add(
        "process.greenlets",
        LATE,
        at="loss",
        greenlets=[{"tid": 77, "frames": BEATS, "conn": send}],
        hubs=[{"tid": 77, "next_timer_overdue_s": 20.0}],
    )
    assert "did not run it" not in history.cell_verdict.why


def test_a_process_that_could_not_be_looked_at_is_told_with_its_cell() -> None:
    history, *_ = lost()
    history.add("process.stacks", LOST, error="py-spy came to no end")
    (told,) = [each for each in history.verdict.missing if "looked at" in each]
    assert told == f"a process of {history.cell} could not be looked at: py-spy came to no end"


def test_of_many_processes_that_could_not_be_looked_at_for_one_reason_a_few_cells_are_named() -> None:
    history, *_ = lost()
    for number in range(MOST_NAMES + 2):
        history.add("process.stacks", LOST, cell=f"cell-{number}", error="py-spy came to no end")
    (told,) = [each for each in history.verdict.missing if "looked at" in each]
    assert told.startswith("processes of cell-0, cell-1, cell-2, cell-3, cell-4, cell-5 and 2 more cells could not be")
