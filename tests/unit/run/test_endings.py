"""How a run ends: complete, interrupted, failed, with a part that does not come up. Nothing is left of any."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbed import probes
from heartbed.cells.expressions import Selection, select
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, NoEngineError, TestbedError
from heartbed.record import folder as runfolder
from heartbed.record.event import Event, Writer, only, read
from heartbed.record.kinds import CellState, RunEnd, RunPhase
from heartbed.run import play
from heartbed.run.execute import execute
from heartbed.run.interrupt import InterruptedRunError
from heartbed.testbed.testbed import Machine
from heartbed.verdict import judge
from heartbed.verdict.values import Outcome
from tests.unit.local import LAST_WORDS, Behaviour, LocalEngine, no_images

CELLS = select(["prefork-daemon-{eventlet,native}"])
GREEN, NATIVE = (cell.name for cell in CELLS.cells)
IDLE_S = 0.1

PHASES = ("starting", "opening", "idle", "asking", "dissecting")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(heartbeat_s=1, margin_s=IDLE_S - 3, runs=tmp_path / "runs", rpc_timeout_s=1)


@pytest.fixture(autouse=True)
def _short_deadlines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_DEADLINE_S", "READY_DEADLINE_S"):
        monkeypatch.setattr(play, name, 0.3)


def run(engine: LocalEngine, settings: Settings, *listeners: Callable[[Event], None]) -> list[Event]:
    """The record of a run that comes to its end."""
    folder = execute(Selection(CELLS.cells), settings, no_images, listeners, engine.parts())
    return read(folder)


def of_newest(settings: Settings) -> list[Event]:
    (folder,) = runfolder.every(settings.runs)
    return read(folder)


def ending(events: list[Event]) -> tuple[str, Any]:
    assert [event.kind for event in events].count("run.end") == 1
    (end,) = only(events[-1:], RunEnd)
    return end.data.status, end.data.reason


def phases(events: list[Event]) -> list[str]:
    return [event.data.phase for event in only(events, RunPhase)]


def states(events: list[Event], cell: str) -> list[str]:
    return [event.data.state for event in only(events, CellState) if event.cell == cell]


def test_a_run_goes_through_its_phases_and_ends_complete(settings: Settings) -> None:
    engine = LocalEngine()
    events = run(engine, settings)
    assert phases(events) == [*PHASES]
    assert ending(events) == ("complete", None)
    assert (engine.left, engine.swept) == ([], 1)
    assert states(events, NATIVE) == ["starting", "ready", "opened", "asking", "done", "removed"]


def test_a_run_in_which_nothing_was_observed_has_no_verdict(settings: Settings) -> None:
    verdict = judge(run(LocalEngine(), settings), probes.rules())
    assert {cell.outcome for cell in verdict.cells} == {Outcome.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("service", "behaviour", "reason"),
    [
        ("rabbitmq", Behaviour.REFUSES, "rabbitmq does not start: no such image"),
        ("rabbitmq", Behaviour.ENDS, "RabbitMQ has ended"),
        ("rabbitmq", Behaviour.IS_SILENT, "RabbitMQ did not come up within 0.3 s"),
        ("observer", Behaviour.REFUSES, "observer does not start: no such image"),
        ("compute", Behaviour.REFUSES, "compute does not start: no such image"),
        ("compute", Behaviour.ENDS, "compute has ended"),
        ("compute", Behaviour.IS_SILENT, "compute: no consumer within"),
        ("controls", Behaviour.REFUSES, "controls does not start: no such image"),
        ("controls", Behaviour.IS_SILENT, "controls: control-silent does not connect within"),
    ],
    ids=lambda value: value.value if isinstance(value, Behaviour) else value if value.isalpha() else "",
)
def test_a_part_that_does_not_come_up_is_named_and_ends_the_run(
    settings: Settings, service: str, behaviour: Behaviour, reason: str
) -> None:
    engine = LocalEngine({service: behaviour})
    with pytest.raises(TestbedError, match=reason) as failure:
        run(engine, settings)
    assert ending(of_newest(settings)) == ("failed", failure.value.message)
    assert engine.left == []
    if behaviour is Behaviour.ENDS:
        assert LAST_WORDS in failure.value.log


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour.FAILS, "the application answers 500: Traceback: no such module"),
        (Behaviour.ENDS, "its server has ended"),
    ],
)
def test_a_cell_that_does_not_start_is_named_and_ends_the_run(
    settings: Settings, behaviour: Behaviour, reason: str
) -> None:
    engine = LocalEngine({NATIVE: behaviour})
    with pytest.raises(CellFailedError) as failure:
        run(engine, settings)
    assert (failure.value.cell, failure.value.reason) == (NATIVE, reason)
    events = of_newest(settings)
    assert ending(events) == ("failed", f"{NATIVE} did not start: {reason}")
    assert [e.data.reason for e in only(events, CellState) if e.data.state == "failed"] == [reason]
    assert engine.left == []


def test_a_broker_that_ends_while_cells_idle_ends_the_run(settings: Settings) -> None:
    engine = LocalEngine()

    def end_the_broker(event: Event) -> None:
        if phases([event]) == ["idle"]:
            engine.beds[0].services["rabbitmq"].end()

    with pytest.raises(TestbedError, match="RabbitMQ has ended during the run") as failure:
        run(engine, Settings(**{**vars(settings), "margin_s": 0.0}), end_the_broker)
    assert LAST_WORDS in failure.value.log
    assert ending(of_newest(settings)) == ("failed", failure.value.message)
    assert engine.left == []


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_run_that_is_stopped_in_a_phase_says_so_and_leaves_nothing(
    settings: Settings, phase: str, number: signal.Signals
) -> None:
    engine = LocalEngine()

    def stop(event: Event) -> None:
        if phases([event]) == [phase]:
            os.kill(os.getpid(), number)

    with pytest.raises(InterruptedRunError) as stopped:
        run(engine, settings, stop)
    events = of_newest(settings)
    assert ending(events) == ("interrupted", "stopped by the user")
    assert phases(events)[-1] == phase
    assert judge(events, probes.rules()).status == "interrupted"
    assert engine.left == []
    (note,) = stopped.value.__notes__
    assert str(settings.runs) in note


@pytest.mark.parametrize("nth", [1, 2], ids=["the first", "the others"])
def test_a_run_that_is_stopped_while_its_containers_are_made_leaves_nothing(settings: Settings, nth: int) -> None:
    times = itertools.count(1)
    engine = LocalEngine(create=lambda: os.kill(os.getpid(), signal.SIGINT) if next(times) == nth else None)
    with pytest.raises(InterruptedRunError):
        run(engine, settings)
    assert ending(of_newest(settings)) == ("interrupted", "stopped by the user")
    assert engine.left == []


def test_a_run_that_is_stopped_before_it_has_a_folder_leaves_none(settings: Settings) -> None:
    def images(_cells: object) -> dict[str, Any]:
        os.kill(os.getpid(), signal.SIGINT)
        return {}

    with pytest.raises(InterruptedRunError):
        execute(CELLS, settings, images, (), LocalEngine().parts())
    assert runfolder.every(settings.runs) == []


class Silent(LocalEngine):
    """An engine that answers no more when a run's folder has been made."""

    def machine(self) -> Machine:
        raise NoEngineError("the Docker engine answers no more")


@pytest.mark.parametrize("silent", [True, False], ids=["the engine", "the disk"])
def test_a_run_that_fails_before_its_record_has_begun_leaves_the_latest_as_it_was(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, silent: bool
) -> None:
    run(LocalEngine(), settings)
    (before,) = runfolder.every(settings.runs)

    def full(_writer: Writer, _event: Event) -> None:
        raise TestbedError("the disk is full")

    if not silent:
        monkeypatch.setattr(Writer, "write", full)
    with pytest.raises(TestbedError):
        run(Silent() if silent else LocalEngine(), settings)
    assert runfolder.find(settings.runs, "latest") == before


def test_an_error_of_heartbeds_own_is_in_the_record_too_and_leaves_nothing(settings: Settings) -> None:
    engine = LocalEngine()

    def defect(event: Event) -> None:
        if phases([event]) == ["opening"]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(engine, settings, defect)
    assert ending(of_newest(settings)) == ("failed", "an error in heartbed itself")
    assert engine.left == []


def test_what_cannot_be_removed_is_an_error_also_of_a_run_that_went_well(settings: Settings) -> None:
    engine = LocalEngine({"compute": Behaviour.STAYS})
    with pytest.raises(TestbedError, match="not everything could be removed") as failure:
        run(engine, settings)
    assert failure.value.log == ("compute",)
    assert of_newest(settings)[-1].kind == "run.end"


def test_the_folder_of_runs_is_tried_before_the_engine(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    engine = LocalEngine()
    with pytest.raises(TestbedError, match="cannot write to the folder of runs"):
        run(engine, settings)
    assert engine.swept == 0


def test_two_runs_have_projects_and_folders_of_their_own(settings: Settings) -> None:
    engine = LocalEngine()
    for _ in range(2):
        run(engine, settings)
    first, second = runfolder.every(settings.runs)
    assert first != second


def test_what_a_run_makes_names_its_lock_by_a_path_that_holds_everywhere(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = execute(CELLS, replace(settings, runs=Path("here")), no_images, (), LocalEngine().parts())
    services = yaml.load((folder / "compose.yaml").read_text(), yaml.CSafeLoader)["services"]
    assert {each["labels"]["heartbed.lock"] for each in services.values()} == {str(tmp_path / folder / ".lock")}
