"""For how long a cell has stood still, of what was told until now."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer
from heartbed.record.kinds import ContainerChanged, MachineWork, ObserverFailed
from heartbed.stage.stillness import STALE_S, Stillness


def told(bus: Bus, t: float, ran_s: float, over_s: float = 1.0) -> None:
    bus.emit(Event(MachineWork.model_validate({"over_s": over_s, "parts": {"cell": {"ran_s": ran_s}}}), t=t))


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(Writer(tmp_path))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> float:
    """The time, which stands still: a test that is kept waiting by others tells no other numbers."""
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment)
    return moment


def test_where_nothing_is_told_every_second_counts(bus: Bus, now: float) -> None:
    assert Stillness(bus).since("cell", now - 7.0) == pytest.approx(7.0)


def test_what_the_cell_worked_does_not_count_and_what_is_not_told_yet_is_not_known(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 1.5, 0.75)
    told(bus, now - 0.5, 1.0)
    assert still.since("cell", now - 2.5) == pytest.approx(0.25)
    assert still.since("another", now - 2.5) == pytest.approx(2.0)
    assert still.since("cell", now - 0.1) == 0.0


def test_where_no_more_is_told_what_was_told_is_not_taken_for_ever(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - STALE_S - 1.0, 1.0)
    assert still.since("cell", now - STALE_S - 2.0) == pytest.approx(STALE_S + 1.0)


def test_once_nobody_tells_any_more_every_second_counts_again(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 3.0, 0.0)
    assert still.since("cell", now - 4.0) == pytest.approx(1.0)
    bus.emit(Event(ObserverFailed(observer="agent", reason="the agent has ended")))
    assert still.since("cell", now - 4.0) == pytest.approx(4.0)


def waited(bus: Bus, *, works: bool, for_s: float = 0.3) -> list[str]:
    """What was done while a request took so long, of a service that works all the time or not at all."""
    still, done = Stillness(bus), ["not yet"]
    last = time.time()
    until = last + for_s
    with still.after("cell", 0.05, lambda: done.append("looked")):
        while time.time() < until and len(done) < 2:
            time.sleep(0.05)
            # However late this is itself: of all the time since, that it worked, or did not.
            now = time.time()
            told(bus, now, now - last if works else 0.0, now - last)
            last = now
    return done[1:]


def test_a_process_is_looked_at_once_it_stands_still(bus: Bus) -> None:
    assert waited(bus, works=False, for_s=5.0) == ["looked"]


def test_and_is_left_alone_while_it_works(bus: Bus) -> None:
    assert waited(bus, works=True) == []


def test_a_cell_whose_container_is_frozen_stands_still_whatever_the_kernel_says_of_it(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 0.5, 1.0)
    bus.emit(Event(ContainerChanged(action="pause"), cell="cell"))
    assert still.since("cell", now - 5.0) == pytest.approx(5.0)
    bus.emit(Event(ContainerChanged(action="unpause"), cell="cell"))
    assert still.since("cell", now - 5.0) == pytest.approx(3.5)
