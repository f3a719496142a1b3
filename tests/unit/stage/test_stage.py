"""The stage: work on many cells side by side. What the broker and the cells do is tested live."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import subjects
from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer
from heartbed.record.kinds import CellState, ConnectionClosed, ConnectionCreated
from heartbed.stage import reach
from heartbed.stage.client import Client
from heartbed.stage.opened import OpenedCell
from heartbed.stage.stage import Stage
from heartbed.stage.start import first_line
from heartbed.testbed import testbed


def opened_cell(expression: str, client: object) -> OpenedCell:
    (subject,) = subjects(select([expression]).cells)
    return OpenedCell(subject, cast(Client, client))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage without containers."""
    return Stage(
        bed=cast(testbed.Testbed, None),
        subjects=(),
        settings=Settings(),
        bus=Bus(Writer(tmp_path)),
        stop=threading.Event(),
        started=lambda _: None,
        request_stacks=lambda *_: None,
    )


@pytest.mark.parametrize(
    ("phase", "answering", "reached"), [("open", [7, 7, 8], {7, 8}), ("after", [9, 7, 8], {7, 8, 9})]
)
def test_requests_go_on_until_the_processes_that_are_wanted_have_answered(
    stage: Stage, phase: Any, answering: list[int], reached: set[int]
) -> None:
    """Before idling any two processes will do; after it, the two that had connections."""
    lock = threading.Lock()
    answers = iter([*answering, *([8] * 50)])

    class Answering:
        """Stands for the client: each request is answered by the next process."""

        def cast(self, _phase: str) -> tuple[int | None, int | None]:
            return None, 202

        def call(self, _phase: str) -> tuple[int | None, int | None]:
            with lock:
                return next(answers), 200

    opened = opened_cell("prefork-processes2", Answering())
    assert stage.reach(opened, phase, [7, 8]) == reached


def test_an_application_that_fails_is_asked_ever_more_slowly(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heartbed.stage.reach.REACH_DEADLINE_S", 1.0)
    asked: list[float] = []

    class Failing:
        """Stands for the client of an application that answers 500, and not which process does."""

        def call(self, _phase: str) -> tuple[int | None, int | None]:
            asked.append(time.monotonic())
            return None, 500

    assert stage.reach(opened_cell("prefork", Failing()), "after", [7]) == set()
    assert 3 <= len(asked) <= 8
    gaps = [later - before for before, later in itertools.pairwise(asked)]
    assert gaps[-1] > gaps[0]


def test_a_cell_of_which_no_process_is_known_is_asked_once(stage: Stage) -> None:
    asked: list[str] = []

    class Answering:
        """Stands for the client of an application that does not tell its process."""

        def call(self, phase: str) -> tuple[int | None, int | None]:
            asked.append(phase)
            return None, 200

    assert stage.reach(opened_cell("prefork", Answering()), "after", []) == set()
    assert asked == ["after"]


def test_closing_calls_off_the_looks_into_processes(stage: Stage) -> None:
    looks: list[str] = []
    stage.request_stacks = lambda *args: looks.append(str(args))
    opened = opened_cell("prefork", None)
    opened.pids = {7}
    stage._look_in_the_middle(opened)
    stage.close()
    for timer in stage.timers:
        timer.join()
    assert looks == []


def test_a_state_is_recorded(stage: Stage) -> None:
    heard: list[Event] = []
    stage.bus.listen(heard.append)
    opened = opened_cell("prefork", None)
    stage.state(opened, "ready")
    assert (heard[0].cell, heard[0].data) == (opened.name, CellState(state="ready"))


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ('\n {"error": 1}\n', ': {"error": 1}'),
        ("<!DOCTYPE html>\n<h1>Internal Server Error</h1>", ""),
        ("", ""),
        ("x" * 400, f": {'x' * 300}"),
    ],
)
def test_of_an_error_thefirst_line_is_told_and_nothing_of_httpds_own_page(answer: str, told: str) -> None:
    assert first_line(answer) == told


def test_a_cell_is_looked_at_while_a_request_still_waits_that_should_have_been_answered(stage: Stage) -> None:
    looked = threading.Event()
    occasions: list[object] = []

    def look(*wish: object) -> None:
        occasions.append(wish[-1])
        looked.set()

    class Hanging:
        """Stands for the client of an application whose call does not return before it was looked at."""

        def call(self, _phase: str) -> tuple[int | None, int | None]:
            return (7, 200) if looked.wait(10) else (None, None)

    stage.request_stacks = look
    stage.settings = replace(stage.settings, rpc_timeout_s=0)
    cell = opened_cell("prefork", Hanging())
    cell.pids = {7}
    assert stage.reach(cell, "after", [7]) == {7}
    assert occasions == ["hang"]


def test_processes_that_answer_late_are_asked_for_until_none_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "REACH_DEADLINE_S", 0.15)
    late = itertools.cycle([11, 12, 13])

    def ask() -> reach.Answer:
        time.sleep(0.1)
        return next(late), 200

    # One at a time, so that three rounds take twice the deadline.
    found = reach.until_reached(threading.Event(), ask, [0], lambda reached: len(reached) >= 3)
    assert found == {11, 12, 13}


def test_a_process_that_has_gone_is_not_asked_for_as_long_as_others_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "REACH_DEADLINE_S", 0.3)
    fresh = itertools.count(100)
    found = reach.until_reached(threading.Event(), lambda: (next(fresh), 200), [7], lambda _: False, [7])
    assert 7 not in found


def test_where_no_process_has_answered_those_are_looked_at_that_hold_connections(stage: Stage) -> None:
    asked: list[int] = []
    stage.request_stacks = lambda _cell, pid, _at: asked.append(pid)
    opened = opened_cell("prefork-daemon-eventlet-pthread", None)
    for number, (cell, pid) in enumerate([(opened.name, 7), (opened.name, 17), ("another", 8)]):
        told = ConnectionCreated(name=None, user_provided_name=None, broker_pid=f"<0.{number}.0>")
        stage.bus.emit(Event(told, cell=cell, pid=pid, conn=f"172.18.0.2:{number}"))
    stage.bus.emit(Event(ConnectionClosed(name=None, broker_pid="<0.0.0>"), cell=opened.name, conn="172.18.0.2:0"))
    stage.look(opened, "hang")
    opened.pids = {5}
    stage.look(opened, "hang")
    assert asked == [17, 5]
