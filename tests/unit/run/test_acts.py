"""Several probes in one run: those that share a window, those that follow, what they do, and that it is undone."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from heartbed import probes
from heartbed.cells.expressions import Selection, select
from heartbed.cells.settings import Settings
from heartbed.cli import cli
from heartbed.errors import RefusedError, TestbedError
from heartbed.probes import burst as burst_probe
from heartbed.record import folder as runfolder
from heartbed.record.event import Event, only, read
from heartbed.record.kinds import CellState, Intervention, Request, RunEnd, RunPhase, RunStart
from heartbed.report import RunData
from heartbed.report.story import story
from heartbed.run import play
from heartbed.run.execute import execute
from heartbed.run.interrupt import InterruptedRunError
from heartbed.stage import burst
from heartbed.stage.act import Act
from heartbed.verdict import judge
from heartbed.waiting import Deadline, until
from tests.unit.local import Behaviour, LocalEngine, LocalTestbed, no_images
from tests.unit.toys import NAMES, toys

CELLS = select(["prefork-daemon-{eventlet,native}"])
GREEN, NATIVE = (cell.name for cell in CELLS.cells)


@pytest.fixture(autouse=True)
def _toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("BROKER_DEADLINE_S", "READY_DEADLINE_S"):
        monkeypatch.setattr(play, name, 5)
    with toys():
        yield


def settings(tmp_path: Path, *names: str) -> Settings:
    scenarios = probes.scenarios(names)
    return Settings(heartbeat_s=1, margin_s=-2.7, runs=tmp_path / "runs", rpc_timeout_s=1, scenarios=scenarios)


def run(
    engine: LocalEngine, asked: Settings, *listeners: Callable[[Event], None], cells: Selection = CELLS
) -> list[Event]:
    return read(execute(cells, asked, no_images, listeners, engine.parts()))


def newest(asked: Settings) -> list[Event]:
    return read(runfolder.every(asked.runs)[-1])


def done(events: list[Event]) -> list[tuple[str, str, bool]]:
    """What was done to what, and whether it is over."""
    return [(e.data.what, e.data.where, e.data.ended is not None) for e in only(events, Intervention)]


def test_each_toy_is_one_file_and_found_by_itself() -> None:
    assert set(NAMES) < set(probes.every())
    output = CliRunner().invoke(cli, ["probes", "cut"]).output
    assert "CAP_NET_ADMIN in a container, `iptables --list` there" in " ".join(output.split())
    assert "its own cells" in output


def test_probes_that_leave_the_broker_alone_share_a_window_and_the_others_follow() -> None:
    acts = probes.acts(probes.scenarios(["halt,recycle,trickle,freeze,idle,reload"]))
    told = [[scenario.name for scenario in act] for act in acts]
    assert told == [["recycle", "trickle", "idle", "reload"], ["halt"], ["freeze"]]


def test_two_probes_are_played_in_one_window_on_cells_of_their_own(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "idle,trickle:pages=10"))
    phases = [event.data.phase for event in only(events, RunPhase)]
    assert phases == ["starting", "opening", "idle", "asking", "dissecting"]
    (idle,) = [event.data for event in only(events, RunPhase) if event.data.phase == "idle"]
    first, second = (probe.meanwhile for probe in only(events, RunStart)[0].data.probes)
    assert "10 times" in second
    assert idle.meanwhile == f"idle: {first}; trickle:pages=10: {second}"
    pages = {event.cell for event in only(events, Request) if event.data.what == "page"}
    assert pages == {f"{GREEN}.trickle", f"{NATIVE}.trickle"}
    verdicts = judge(events, probes.rules()).cells
    assert [(v.cell, v.probe) for v in verdicts] == [
        (GREEN, "idle"),
        (NATIVE, "idle"),
        (GREEN, "trickle:pages=10"),
        (NATIVE, "trickle:pages=10"),
    ]


def test_acts_follow_one_another_with_controls_of_their_own(tmp_path: Path) -> None:
    engine = LocalEngine()
    events = run(engine, settings(tmp_path, "idle,halt"))
    phases = [(event.data.phase, event.data.act) for event in only(events, RunPhase)]
    assert phases == [
        ("starting", None),
        *((name, 1) for name in ("opening", "idle", "asking")),
        *((name, 2) for name in ("opening", "idle", "asking")),
        ("dissecting", None),
    ]
    verdict = judge(events, probes.rules())
    names = [control.name for control in verdict.controls]
    assert names == ["control-silent", "control-beating", "compute", "machine", "machine.2"]
    assert (only(events, RunEnd)[0].data.status, engine.left) == ("complete", [])


def test_a_toy_that_adds_requests(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "crowd:calls=4"))
    for cell in (GREEN, NATIVE):
        asked = [event.data for event in only(events, Request) if event.cell == cell]
        assert [request.what for request in asked if request.phase == "during"] == ["call"] * 4
        assert sorted(request.number for request in asked) == [*range(1, len(asked) + 1)]


def test_a_toy_that_touches_the_network(tmp_path: Path) -> None:
    engine = LocalEngine()
    events = run(engine, settings(tmp_path, "cut"))
    rule = "OUTPUT -p tcp --dport 5672 -j DROP"
    assert engine.beds[0].done == [
        (f"network: iptables --append {rule}", GREEN),
        (f"network: iptables --append {rule}", NATIVE),
        (f"network: iptables --delete {rule}", NATIVE),
        (f"network: iptables --delete {rule}", GREEN),
    ]
    what = "cut off from the broker:"
    assert done(events) == [
        (what, GREEN, False),
        (what, NATIVE, False),
        (what, NATIVE, True),
        (what, GREEN, True),
    ]


def test_what_a_probe_did_is_told_of_the_cell_that_it_was_done_to(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "freeze:broker=1"))
    verdict = judge(events, probes.rules())
    green = verdict.cells[0]
    told = [note for note in green.notes if note.startswith("the probe")]
    assert [note.partition(" (")[0] for note in told] == [
        "the probe freeze:broker=1 paused this cell",
        "the probe freeze:broker=1 paused rabbitmq",
    ]
    lines = [line.what.partition(": over")[0] for line in story(RunData(verdict, events, tmp_path), green)]
    assert lines.count("freeze:broker=1 paused rabbitmq") == 2, "its beginning and its end"
    assert f"freeze:broker=1 paused {NATIVE}" not in lines


def test_a_toy_that_stops_the_broker_does_not_end_the_run(tmp_path: Path) -> None:
    engine = LocalEngine()
    events = run(engine, settings(tmp_path, "halt"))
    assert done(events) == [("stopped", "rabbitmq", False), ("stopped", "rabbitmq", True)]
    assert only(events, RunEnd)[0].data.status == "complete"


def test_what_is_being_done_is_undone_when_the_run_is_stopped(tmp_path: Path) -> None:
    engine, asked = LocalEngine(), settings(tmp_path, "freeze:for=60")

    def stop(event: Event) -> None:
        if isinstance(event.data, Intervention) and event.cell == NATIVE and event.data.ended is None:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(InterruptedRunError):
        run(engine, asked, stop)
    events = newest(asked)
    assert {(what, where) for what, where, over in done(events) if over} == {("paused", GREEN), ("paused", NATIVE)}
    assert sorted(engine.beds[0].done)[-2:] == [("resume", GREEN), ("resume", NATIVE)]
    assert (only(events, RunEnd)[0].data.status, engine.left) == ("interrupted", [])


def test_what_cannot_be_undone_fails_the_run(tmp_path: Path) -> None:
    engine, asked = LocalEngine({NATIVE: Behaviour.STUBBORN}), settings(tmp_path, "freeze")
    with pytest.raises(TestbedError, match=f"{NATIVE}: resume: no such container"):
        run(engine, asked)
    events = newest(asked)
    assert [e.data.where for e in only(events, Intervention) if e.data.error] == [NATIVE]
    assert ("resume", GREEN) in engine.beds[0].done, "what can be undone is"
    assert (only(events, RunEnd)[0].data.status, engine.left) == ("failed", [])


def test_what_cannot_be_done_leaves_those_without_a_verdict_whom_it_concerns_and_no_others(tmp_path: Path) -> None:
    engine = LocalEngine({f"{NATIVE}.freeze": Behaviour.RESTLESS})
    events = run(engine, settings(tmp_path, "idle,freeze"))
    assert (only(events, RunEnd)[0].data.status, engine.left) == ("complete", [])
    (refused,) = [e for e in only(events, Intervention) if e.data.refused]
    assert (refused.cell, refused.data.refused) == (f"{NATIVE}.freeze", f"{NATIVE}.freeze: pause: no such container")
    assert refused.data.ended is not None
    assert ("resume", f"{NATIVE}.freeze") in engine.beds[0].done, "some of it may have been done"
    seen = {(v.cell, v.probe): v.notes[0] for v in judge(events, probes.rules()).cells}
    (told,) = [cell for cell, note in seen.items() if "what it was to meet could not be done (freeze, paused " in note]
    assert told == (NATIVE, "freeze")


def test_what_can_neither_be_done_nor_taken_back_fails_the_run_and_both_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_bed: LocalTestbed, what: str, service: str) -> None:
        raise TestbedError(f"{service}: {what}: no such container")

    monkeypatch.setattr(LocalTestbed, "did", refuse)
    engine, asked = LocalEngine(), settings(tmp_path, "freeze")
    with pytest.raises(TestbedError) as failed:
        run(engine, asked)
    assert not isinstance(failed.value, RefusedError), "that would leave some without a verdict, and let the run go on"
    assert failed.value.message == (
        f"freeze paused {GREEN}: this could not be done: {GREEN}: pause: no such container; "
        f"nor could it be taken back: {GREEN}: resume: no such container"
    )
    assert (only(newest(asked), RunEnd)[0].data.status, engine.left) == ("failed", [])


def test_what_is_refused_in_the_network_of_a_cell_that_has_ended_leaves_nothing_to_take_back(tmp_path: Path) -> None:
    engine = LocalEngine()

    def end(event: Event) -> None:
        if isinstance(event.data, CellState) and (event.cell, event.data.state) == (NATIVE, "opened"):
            engine.beds[0].services[NATIVE].end()

    events = run(engine, settings(tmp_path, "cut"), end)
    (refused,) = [e for e in only(events, Intervention) if e.data.refused]
    assert (refused.cell, refused.data.error) == (NATIVE, None)
    assert only(events, RunEnd)[0].data.status == "complete"


def test_a_probe_that_lacks_what_it_needs_is_skipped_before_anything_is_started(tmp_path: Path) -> None:
    engine = LocalEngine(lacking={"NET_ADMIN": "the kernel has no iptables"})
    events = run(engine, settings(tmp_path, "idle,cut"))
    (start,) = only(events, RunStart)
    assert start.data.skipped == [{"probe": "cut", "reason": "the kernel has no iptables"}]
    assert {cell.probe for cell in start.data.cells} == {"idle"}
    assert "the probe cut was not played: the kernel has no iptables" in judge(events, probes.rules()).missing


def test_where_no_probe_can_be_played_nothing_is_started(tmp_path: Path) -> None:
    engine = LocalEngine(lacking={"NET_ADMIN": "the kernel has no iptables"})
    asked = settings(tmp_path, "cut")
    with pytest.raises(TestbedError, match="no probe can be played here") as refused:
        run(engine, asked)
    assert refused.value.log == ("cut: the kernel has no iptables",)
    assert (engine.beds, runfolder.every(asked.runs)) == ([], [])


def test_a_cell_that_a_probe_cannot_be_played_on_is_left_out_and_the_others_go_on(tmp_path: Path) -> None:
    cells = select(["prefork-daemon-native-processes{1,2}"])
    events = run(LocalEngine(), settings(tmp_path, "halt"), cells=cells)
    verdict = judge(events, probes.rules())
    one, two = (cell.name for cell in cells.cells)
    assert [cell.cell for cell in verdict.cells] == [one]
    assert verdict.left_out == [{"name": f"{two} under halt", "reason": "it has two processes"}]


def test_where_chance_decides_copies_of_the_cell_are_sent_bursts_side_by_side(tmp_path: Path) -> None:
    cells = select(["prefork-daemon-{eventlet-pthread,native}"])
    events = run(LocalEngine(), settings(tmp_path, "burst:bursts=6:requests=3"), cells=cells)
    shared, native = (cell.name for cell in cells.cells)
    (start,) = only(events, RunStart)
    played = [(asked.subject, asked.attempt) for asked in start.data.cells if not asked.control]
    assert played == [(shared, 1), (f"{shared}.2", 2), (native, 1)]
    bursts = {(e.cell, e.data.burst, e.data.attempt) for e in only(events, Request) if e.data.burst}
    assert {name for cell, name, _ in bursts if cell == f"{shared}.2"} == {"cold", "warm", "after idling"}
    assert [verdict.cell for verdict in judge(events, probes.rules()).cells] == [shared, native]
    assert judge(events, probes.rules()).left_out == []


def test_more_bursts_than_there_are_copies_for_are_sent_one_after_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(burst_probe, "MOST_COPIES", 2)
    cells = select(["prefork-daemon-eventlet-pthread"])
    events = run(LocalEngine(), settings(tmp_path, "burst:bursts=7:requests=3"), cells=cells)
    (cell,) = cells.cells
    sent = {(e.data.burst, e.data.attempt) for e in only(events, Request) if e.cell == cell.name and e.data.burst}
    assert sent == {("cold", 1), ("warm", 1), ("warm", 2), ("after idling", 1), ("after idling", 2)}


def test_a_cell_that_hung_is_not_played_in_further_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = select(["prefork-daemon-eventlet-pthread"])
    monkeypatch.setattr(burst, "NO_ANSWER", (200,))  # to this testbed a call that is answered is one that hangs
    events = run(LocalEngine(), settings(tmp_path, "burst:bursts=6:requests=3"), cells=cells)
    (cell,) = cells.cells
    sent = {(e.cell, e.data.burst) for e in only(events, Request) if e.data.burst and e.cell != "native-control.1"}
    assert sent == {(cell.name, "cold")}
    states = [event.data.state for event in only(events, CellState) if event.cell == f"{cell.name}.2"]
    assert states[-2:] == ["left_out", "removed"]
    assert "opened" not in states
    assert judge(events, probes.rules()).left_out == []


def test_the_cells_of_the_next_act_are_started_while_those_of_this_one_idle(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "idle,halt"))
    order = [
        (event.data.phase if isinstance(event.data, RunPhase) else "started", event.cell)
        for event in events
        if (isinstance(event.data, RunPhase) and event.data.act)
        or (isinstance(event.data, CellState) and event.data.state == "starting" and event.cell == f"{GREEN}.halt")
    ]
    assert [what for what, _ in order] == ["opening", "idle", "started", "asking", "opening", "idle", "asking"]


@pytest.mark.parametrize(("cores", "before"), [(1, 1), (2, 1), (3, 2)])
def test_a_core_is_left_to_the_broker_until_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cores: int, before: int
) -> None:
    cells = select(["prefork-daemon-{eventlet,eventlet-pthread,native}"])
    begun: list[bool] = []
    is_there = threading.Event()
    await_broker = play.Play._await_broker

    def late(self: play.Play, act: Act) -> None:
        await_broker(self, act)
        until(lambda: len(begun) >= before, Deadline(20), AssertionError, "no cell is started")
        is_there.set()

    def hold_up(event: Event) -> None:
        if isinstance(event.data, CellState) and event.data.state == "starting":
            begun.append(is_there.is_set())
            assert is_there.wait(20)

    monkeypatch.setattr(play.Play, "_await_broker", late)
    run(LocalEngine(), replace(settings(tmp_path, "idle"), cores=cores), hold_up, cells=cells)
    assert (begun.count(False), begun.count(True)) == (before, 3 - before)


def test_a_cell_is_asked_again_in_its_own_time_and_not_when_the_last_one_has_idled(tmp_path: Path) -> None:
    slow = threading.Event()

    def hold_up(event: Event) -> None:
        # In the thread that starts the cell: it is started only when the other has been asked again.
        if isinstance(event.data, CellState) and event.cell == NATIVE and event.data.state == "starting":
            assert slow.wait(20)
        if isinstance(event.data, CellState) and event.cell == GREEN and event.data.state == "done":
            slow.set()

    events = run(LocalEngine(), settings(tmp_path, "idle"), hold_up)
    states = [(event.cell, event.data.state) for event in only(events, CellState)]
    assert states.index((GREEN, "done")) < states.index((NATIVE, "ready"))
    phases = [event.data.phase for event in only(events, RunPhase)]
    assert phases == ["starting", "opening", "idle", "asking", "dissecting"], "as the last cell goes"


def test_a_cell_is_removed_as_soon_as_it_is_not_needed_any_more(tmp_path: Path) -> None:
    engine, gone = LocalEngine(), threading.Event()

    def hold_up(event: Event) -> None:
        if isinstance(event.data, CellState) and event.cell == NATIVE and event.data.state == "starting":
            deadline = time.monotonic() + 20
            while GREEN in engine.left and time.monotonic() < deadline:
                gone.wait(0.01)
            assert GREEN not in engine.left

    events = run(engine, settings(tmp_path, "idle"), hold_up)
    assert only(events, RunEnd)[0].data.status == "complete"


def test_cells_of_a_probe_that_does_something_to_all_of_them_wait_for_each_other(tmp_path: Path) -> None:
    events = run(LocalEngine(), settings(tmp_path, "idle,cut"))
    opened = [e.t for e in only(events, CellState) if e.data.state == "opened" and e.cell and e.cell.endswith(".cut")]
    asked = [e.t for e in only(events, CellState) if e.data.state == "asking" and e.cell and e.cell.endswith(".cut")]
    done_at = [event.t for event in only(events, Intervention) if event.data.ended is None]
    assert max(opened) <= min(done_at)
    assert max(done_at) <= min(asked)
