"""The probes under which processes are replaced, without Docker: what is done to cells, and what goes on meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells.expressions import Selection, select
from heartbed.cells.recycling import VARIABLE
from heartbed.cells.settings import Settings
from heartbed.probes import recycle, reload
from heartbed.record import folder as runfolder
from heartbed.record.event import Event, only, read
from heartbed.record.kinds import CellState, Intervention, Request, RunEnd, RunStart
from heartbed.run import play
from heartbed.run.execute import execute
from heartbed.run.interrupt import InterruptedRunError
from heartbed.stage import renewal, steady
from tests.unit.local import Behaviour, LocalEngine, no_images

CELLS = select(["prefork-daemon-native"])
(CELL,) = (cell.name for cell in CELLS.cells)
CONTROL = "native-control.1"


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROKER_DEADLINE_S", "READY_DEADLINE_S"):
        monkeypatch.setattr(play, name, 5)
    monkeypatch.setattr(reload, "SETTLES_S", 0.1)
    monkeypatch.setattr(recycle, "REQUEST_S", 0.1)
    monkeypatch.setattr(renewal, "ENDS_S", 0.8)
    monkeypatch.setattr(steady, "EVERY_S", 0.05)
    monkeypatch.setattr(reload, "LOOKS_S", 0.05)


def settings(tmp_path: Path, *names: str) -> Settings:
    scenarios = probes.scenarios(names)
    return Settings(heartbeat_s=1, margin_s=-2.7, runs=tmp_path / "runs", rpc_timeout_s=1, scenarios=scenarios)


def run(
    engine: LocalEngine, asked: Settings, *listeners: Callable[[Event], None], cells: Selection = CELLS
) -> list[Event]:
    return read(execute(cells, asked, no_images, listeners, engine.parts()))


def what_was_done(events: list[Event], cell: str) -> list[tuple[str, bool]]:
    done = [event.data for event in only(events, Intervention) if event.cell == cell]
    return [(each.what, each.ended is not None) for each in done]


def test_a_server_is_told_to_reload_and_then_stopped_and_started(tmp_path: Path) -> None:
    engine = LocalEngine()
    events = run(engine, settings(tmp_path, "reload"))
    assert [did for did in engine.beds[0].done if did[1] == CELL] == [("signal USR1", CELL), ("stop", CELL)]
    told = "sent SIGUSR1, at which processes are replaced, to"
    assert what_was_done(events, CELL) == [(told, False), (told, True), ("stopped", False), ("stopped", True)]
    assert (only(events, RunEnd)[0].data.status, engine.left) == ("complete", [])


def test_a_cell_that_the_engine_does_not_let_reload_ends_no_run(tmp_path: Path) -> None:
    events = run(LocalEngine({CELL: Behaviour.RESTLESS}), settings(tmp_path, "reload:only=1"))
    (refused,) = [e for e in only(events, Intervention) if e.data.refused]
    assert (refused.cell, refused.data.refused) == (CELL, f"{CELL}: signal USR1: no such container")
    assert only(events, RunEnd)[0].data.status == "complete"
    assert what_was_done(events, CONTROL) == [("stopped", False), ("stopped", True)]


def test_what_cannot_be_told_to_reload_is_stopped_and_started_alone(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "reload:only=1"))
    assert what_was_done(events, CONTROL) == [("stopped", False), ("stopped", True)]
    told, _ = what_was_done(events, CELL)[0]
    assert told == "sent SIGUSR1, at which processes are replaced, to"


@pytest.mark.parametrize(("cell", "wanted"), [("uwsgi-native", "HUP"), ("gunicorn-native", "HUP")])
def test_each_family_knows_how_its_servers_reload(tmp_path: Path, cell: str, wanted: str) -> None:
    engine, cells = LocalEngine(), select([cell])
    run(engine, settings(tmp_path, "reload:only=1"), cells=cells)
    (name,) = (each.name for each in cells.cells)
    assert (f"signal {wanted}", name) in engine.beds[0].done


def test_casts_and_calls_go_on_in_turn_while_it_is_renewed(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "reload"))
    during = [e.data.what for e in only(events, Request) if e.cell == CELL and e.data.phase == "during"]
    assert during[:4] == ["cast", "call", "cast", "call"]
    after = [e.data.what for e in only(events, Request) if e.cell == CELL and e.data.phase == "after"]
    assert after == ["cast", "call"]


def test_a_cell_that_is_stopped_when_the_run_is_stopped_does_not_stay(tmp_path: Path) -> None:
    engine, asked = LocalEngine(), settings(tmp_path, "reload:only=2")

    def stop(event: Event) -> None:
        if isinstance(event.data, Intervention) and event.data.ended is None:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRunError):
        run(engine, asked, stop)
    events = read(runfolder.every(asked.runs)[-1])
    begun = {e.data.number for e in only(events, Intervention)}
    assert begun == {e.data.number for e in only(events, Intervention) if e.data.ended is not None}
    assert engine.left == []


@pytest.mark.parametrize(("name", "most"), [("reload", 3), ("recycle:times=1", 6)])
def test_only_so_many_cells_for_each_core_are_open_and_asked_steadily_at_a_time(
    tmp_path: Path, name: str, most: int
) -> None:
    cells = select(["{prefork,event}-{embedded,daemon}-{native,eventlet}"])
    events = run(LocalEngine(), replace(settings(tmp_path, name), cores=1), cells=cells)
    steps = {"opened": 1, "done": -1}
    open_now = [*accumulate(steps.get(e.data.state, 0) for e in only(events, CellState))]
    assert (max(open_now), open_now[-1]) == (most, 0)


def test_a_limit_of_requests_is_asked_for_under_recycle_alone(tmp_path: Path) -> None:
    asked = settings(tmp_path, "idle,recycle:requests=9:times=1")
    events = run(LocalEngine(), asked)
    rendered = (runfolder.every(asked.runs)[-1] / "compose.yaml").read_text()
    assert rendered.count(f"{VARIABLE}: '9'") == 1, "neither the one when idle nor a control"
    assert {each.name for each in only(events, RunStart)[0].data.probes} == {"idle", "recycle:requests=9:times=1"}


def test_debug_logging_is_asked_for_by_the_applications_own_options(tmp_path: Path) -> None:
    asked = settings(tmp_path, "debug-log:bursts=3")
    run(LocalEngine(), asked)
    rendered = (runfolder.every(asked.runs)[-1] / "compose.yaml").read_text()
    assert "OS_DEFAULT__DEBUG: 'true'" in rendered
    assert "amqp=DEBUG,kombu=DEBUG,oslo.messaging=DEBUG,oslo_messaging=DEBUG" in rendered
