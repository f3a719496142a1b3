"""What runs take here: learned, told before the next, and in as many acts as the machine has memory for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells.axes import CONTROL
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Subject, subjects, with_controls
from heartbed.record.event import Event, only, read
from heartbed.record.kinds import (
    AskedCell,
    CellState,
    Kind,
    ProcessGone,
    ProcessUsage,
    RunEnd,
    RunForecast,
    RunPhase,
    RunStart,
)
from heartbed.run import acts, costs, play
from heartbed.run.acts import divided
from heartbed.run.costs import MIB, Costs, Extent, Learner, Took
from heartbed.run.execute import execute
from heartbed.run.forecast import forecast, held_by
from tests.unit.local import LocalEngine, no_images

CELLS = select(["{prefork,event}-{embedded,daemon}-{eventlet,native}"]).cells
IDLE = Extent("idle", 12, 7.0)


def under(*names: str, copies: int = 1) -> tuple[Subject, ...]:
    return subjects(CELLS, probes.acts(probes.scenarios(names)), lambda *_: copies)


def tens(act: Sequence[Subject]) -> int:
    return 10 * len(act)


def in_acts(found: tuple[Subject, ...]) -> list[int]:
    return [sum(each.act == number for each in found) for number in sorted({each.act for each in found})]


def test_what_fits_is_played_as_it_was_asked_for() -> None:
    asked = under("idle", "firewall", "broker-stop")
    assert divided(asked, len, 10_000) == asked


def test_what_does_not_fit_is_played_in_more_acts_of_which_two_fit_at_a_time() -> None:
    found = divided(under("idle"), tens, 70)
    assert in_acts(found) == [3, 3, 2]
    assert [each.name for each in found] == [each.name for each in under("idle")]
    assert [each.act for each in found] == sorted(each.act for each in found)


def test_a_cell_that_alone_is_too_large_is_played_alone_and_with_its_copies() -> None:
    assert in_acts(divided(under("idle"), tens, 5)) == [1] * 8
    assert in_acts(divided(under("burst", copies=3), tens, 5)) == [3] * 8


def test_acts_follow_one_another_also_where_one_is_divided() -> None:
    asked = under("idle", "broker-stop", "broker-pause")
    found = divided(asked, lambda act: len(act) * (10 if act[0].act == 2 else 1), 100)
    assert in_acts(found) == [8, 4, 4, 8]
    assert {each.scenario.probe for each in found if each.act in (2, 3)} == {"broker-stop"}


def test_only_so_many_cells_meet_a_fault_of_the_brokers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "MOST_AT_ONCE", 5)
    assert in_acts(divided(under("idle"), len, 10_000)) == [8]
    assert in_acts(divided(under("broker-stop"), len, 10_000)) == [5, 3]


def test_where_nothing_is_known_it_is_said() -> None:
    seconds, known = Costs().seconds([IDLE], cores=2)
    assert (seconds, known) == (10 + 7 + 4 + 12, False)
    assert Costs().seconds([IDLE], cores=4)[0] < seconds


def took(cells: int, beyond_s: float, names: str = "idle", cores: int = 2, alive: int = 0) -> Took:
    return Took(probes=names, cells=cells, beyond_s=beyond_s, cores=cores, alive=alive or cells)


@pytest.mark.parametrize(
    ("acts_", "cells", "beyond_s"),
    [
        ([took(12, 14.0)], 12, 14.0),
        ([took(12, 14.0)], 24, 24.0),
        ([took(12, 14.0), took(12, 16.0)], 12, 15.0),
        ([took(12, 14.0), took(24, 24.0)], 100, 14 + 88 * 10 / 12),
        ([took(12, 14.0), took(24, 24.0)], 1, 14 - 11 * 10 / 12),
        ([took(12, 14.0), took(24, 14.0)], 24, 14 + 6 * 10 / 18),
        ([took(1, 2.5)], 12, 2.5 + 11),
        ([took(12, 14.0), took(12, 99.0, "burst"), took(12, 50.0, cores=8)], 12, 14.0),
    ],
)
def test_an_act_takes_what_such_acts_took_here(acts_: list[Took], cells: int, beyond_s: float) -> None:
    seconds, known = Costs(fixed_s=[8.0, 9.0, 30.0], acts=acts_).seconds([Extent("idle", cells, 7.0)], cores=2)
    assert (round(seconds, 6), known) == (round(9 + 7 + beyond_s, 6), True)


def test_memory_is_that_of_a_container_and_of_each_process() -> None:
    (one, three) = select(["prefork-daemon-native", "prefork-daemon-native-processes3"]).cells
    known = Costs(process_octets={one.app: 30 * MIB})
    assert (known.octets(one), known.octets(three)) == (42 * MIB, 102 * MIB)
    assert Costs().octets(one) == 52 * MIB


def test_a_service_of_openstacks_is_planned_for_as_such_where_none_was_measured() -> None:
    (real,) = select(["prefork-daemon-native-2025.2-nova32"]).cells
    assert Costs().octets(real) == 182 * MIB
    assert Costs(process_octets={real.app: 150 * MIB}).octets(real) == 162 * MIB


@pytest.mark.parametrize(
    ("acts_", "cells", "alive"),
    [
        ([], 12, 12),
        ([took(12, 1.0)], 189, 189),
        ([took(12, 1.0, alive=10)], 12, 10),
        ([took(12, 1.0, alive=10)], 6, 6),
        ([took(12, 1.0, alive=10), took(24, 1.0, alive=14)], 189, 21),
        ([took(12, 1.0, alive=10), took(189, 1.0, alive=16)], 189, 16),
        ([took(12, 1.0, "burst", alive=3), took(12, 1.0, cores=8, alive=3)], 12, 12),
    ],
)
def test_cells_go_when_they_have_been_asked_and_others_come(acts_: list[Took], cells: int, alive: int) -> None:
    asked = Extent("idle", cells, 7.0)
    assert Costs(acts=acts_).alive(asked, cores=2) == alive


def test_what_runs_at_a_time_is_what_counts_for_memory() -> None:
    known = Costs(acts=[took(8, 1.0, alive=2)])
    assert held_by(under("idle"), Settings(cores=2), known) == 2 * 52 * MIB
    few = under("idle")[:1]
    assert held_by(few, Settings(cores=2), known) == 52 * MIB


def at(t: float, data: Kind, cell: str | None = None, pid: int | None = None) -> Event:
    return Event(data, t=t, cell=cell, pid=pid)


def heard(*more: Event, status: str = "complete", heartbeat_s: int | None = None) -> Learner:
    """``heartbeat_s`` is the cells' own timeout; that of the control in the first act is the run's."""
    learner = Learner()
    cells = [
        AskedCell(name=name, act=act, factors={"app": "minimal"}, heartbeat_s=heartbeat_s)
        for name, act in (("a", 1), ("b", 1), ("c", 2))
    ]
    start = RunStart(run="r", heartbeat_s=2, margin_s=1, cells=[*cells, AskedCell(name="n", act=1, control=True)])
    events = [
        at(100, start),
        at(101, RunPhase(phase="starting")),
        at(102, CellState(state="starting"), "a"),
        at(103, CellState(state="removed"), "a"),
        at(104, CellState(state="starting"), "b"),
        at(105, CellState(state="starting"), "n"),
        at(106, RunPhase(phase="opening", act=1)),
        at(110, RunPhase(phase="idle", act=1)),
        at(126, RunPhase(phase="opening", act=2)),
        at(140, RunPhase(phase="dissecting")),
        *more,
        at(142, RunEnd(status=status)),
    ]
    for event in events:
        learner(event)
    return learner


def usage(octets: int | None) -> ProcessUsage:
    return ProcessUsage(descriptors=1, threads=1, rss_octets=9, pss_octets=octets)


def test_a_run_teaches_what_its_acts_and_its_processes_took(tmp_path: Path) -> None:
    held = [("a", 1, 20), ("a", 7, 10), ("b", 1, 2), ("b", 1, 32), ("c", 1, None), ("n", 1, 500)]
    heard(*(at(111, usage(octets), cell, pid) for cell, pid, octets in held)).keep(tmp_path, cores=2)
    known = costs.load(tmp_path)
    assert known.fixed_s == [8.0]
    assert known.acts == [took(2, 13.0, alive=1), Took(probes="idle", cells=1, beyond_s=7.0, cores=2, alive=0)]
    assert known.process_octets == {"minimal": 31}


@pytest.mark.parametrize(("heartbeat_s", "beyond_s"), [(None, [13.0, 7.0]), (1, [13.0, 10.0]), (4, [7.0, 1.0])])
def test_an_act_is_left_alone_for_as_long_as_the_longest_of_its_cells_and_controls(
    tmp_path: Path, heartbeat_s: int | None, beyond_s: list[float]
) -> None:
    heard(heartbeat_s=heartbeat_s).keep(tmp_path, cores=2)
    assert [each.beyond_s for each in costs.load(tmp_path).acts] == beyond_s


def test_what_is_forecast_goes_by_the_window_of_cells_and_controls_too() -> None:
    cells = select(["prefork-heartbeat1"]).cells
    (outside,) = select([CONTROL]).cells
    acts_ = with_controls(subjects(cells), outside, lambda _: True)
    fixed_s = forecast(acts_, Settings(heartbeat_s=2, cores=2), Costs(), 2**34).seconds
    assert forecast(acts_, Settings(heartbeat_s=3, cores=2), Costs(), 2**34).seconds == fixed_s + 3
    alone = subjects(cells)
    assert forecast(alone, Settings(heartbeat_s=2, cores=2), Costs(), 2**34).seconds == fixed_s - 3


def test_processes_that_were_replaced_do_not_count_beside_those_in_their_place(tmp_path: Path) -> None:
    events = [at(111, usage(30), "a", 1), at(111, usage(10), "a", 2)]
    for pid in range(2, 12):
        events += [at(112 + pid, ProcessGone(), "a", pid), at(112 + pid, usage(10), "a", pid + 1)]
    ended = [at(141, ProcessGone(), "a", pid) for pid in (12, 1)]
    heard(*events, *ended).keep(tmp_path, cores=2)
    assert costs.load(tmp_path).process_octets == {"minimal": 40}


def test_only_a_complete_run_teaches_and_only_so_many_are_remembered(tmp_path: Path) -> None:
    heard(status="interrupted").keep(tmp_path, cores=2)
    assert costs.load(tmp_path) == Costs()
    for _ in range(costs.KEPT + 2):
        heard().keep(tmp_path, cores=2)
    assert len(costs.load(tmp_path).fixed_s) == len(costs.load(tmp_path).acts) == costs.KEPT


@pytest.mark.parametrize("text", ["", "{", "[]", '{"number": 2, "fixed_s": [1.0]}', '{"fixed_s": "much"}'])
def test_what_cannot_be_read_is_as_if_nothing_was_known(tmp_path: Path, text: str) -> None:
    (tmp_path / costs.FILE).parent.mkdir()
    (tmp_path / costs.FILE).write_text(text)
    assert costs.load(tmp_path) == Costs()


def test_a_folder_that_cannot_be_written_to_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file")
    heard().keep(tmp_path, cores=2)


def test_the_most_that_is_held_is_that_of_two_acts_one_after_another() -> None:
    told = forecast(under("idle", "broker-stop"), Settings(cores=2), Costs(), 16 * 2**30)
    assert (told.acts, told.known) == (2, False)
    assert told.octets == costs.RUN_OCTETS + 2 * 8 * 52 * MIB
    assert told.available_octets == 16 * 2**30


def test_a_run_says_beforehand_what_it_takes_and_knows_better_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "READY_DEADLINE_S", 5)
    settings = Settings(heartbeat_s=1, margin_s=-2.7, runs=tmp_path / "runs", rpc_timeout_s=1)
    chosen = select(["prefork-daemon-native"])
    told = []
    for _ in range(2):
        events = read(execute(chosen, settings, no_images, (), LocalEngine().parts()))
        told += [event.data for event in only(events, RunForecast)]
        assert isinstance(events[1].data, RunForecast), "before anything is started"
    assert [each.known for each in told] == [False, True]
    assert told[1].seconds < told[0].seconds


def test_what_does_not_fit_into_the_machine_is_played_in_several_acts_of_one_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(play, "READY_DEADLINE_S", 5)
    monkeypatch.setattr("heartbed.run.execute.available_octets", lambda: costs.RUN_OCTETS + 360 * MIB)
    settings = Settings(heartbeat_s=1, margin_s=-2.7, runs=tmp_path / "runs", rpc_timeout_s=1)
    chosen = select(["{prefork,event}-{embedded,daemon}-{native,eventlet}"])
    events = read(execute(chosen, settings, no_images, (), LocalEngine().parts()))
    asked = only(events, RunStart)[0].data.cells
    assert [each.act for each in asked if not each.control] == [1, 1, 1, 2, 2, 2, 3, 3]
    assert [event.data.acts for event in only(events, RunForecast)] == [3]
    assert only(events, RunEnd)[0].data.status == "complete"
