"""For how long a cell has stood still, of what was told until now."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer
from heartbed.record.kinds import AppLog, ContainerChanged, MachineWork, ObserverFailed, ProcessGreenlets
from heartbed.stage.stillness import STALE_S, Stillness, by_the_clock


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


LOCK = [
    {"function": "BaseHub.switch", "file": "/venv/eventlet/hubs/hub.py", "line": 7},
    {"function": "Semaphore.acquire", "file": "/venv/eventlet/semaphore.py", "line": 7},
    {"function": "_RLock.acquire", "file": "/usr/lib/threading.py", "line": 7},
    {"function": "Handler.handle", "file": "/usr/lib/logging/__init__.py", "line": 7},
]


def look(bus: Bus, t: float, *, waits: bool, timers: int, pid: int = 12) -> None:
    """What is seen of a process in which somebody waits in a lock or not, and whose hub has something to do or not."""
    greenlet = {"tid": 21, "frames": LOCK if waits else LOCK[:1]}
    hub = {"tid": 21, "timers": [{"due_in_s": 1.0}] * timers}
    seen = ProcessGreenlets.model_validate({"at": "hang", "greenlets": [greenlet], "hubs": [hub]})
    bus.emit(Event(seen, t, "cell", pid))


def test_what_a_cell_works_counts_for_nothing_once_it_was_seen_to_wait_for_ever(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 0.5, 5.0, over_s=5.0)
    assert still.since("cell", now - 5.0) == pytest.approx(0.0)
    look(bus, now - 1.0, waits=True, timers=0)
    assert still.since("cell", now - 5.0) == pytest.approx(5.0)
    assert still.since("cell", now - 0.75) == pytest.approx(0.0), "what was seen before says nothing of this request"


@pytest.mark.parametrize(("waits", "timers"), [(False, 0), (True, 1)])
def test_one_that_may_yet_be_woken_does_not_wait_for_ever(bus: Bus, now: float, *, waits: bool, timers: int) -> None:
    still = Stillness(bus)
    told(bus, now - 0.5, 5.0, over_s=5.0)
    look(bus, now - 1.0, waits=waits, timers=timers)
    assert still.since("cell", now - 5.0) == pytest.approx(0.0)


def test_nor_do_all_where_another_process_goes_on(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 0.5, 5.0, over_s=5.0)
    look(bus, now - 1.0, waits=False, timers=0, pid=13)
    look(bus, now - 1.0, waits=True, timers=0)
    assert still.since("cell", now - 5.0) == pytest.approx(0.0)
    look(bus, now - 0.9, waits=True, timers=0, pid=13)
    assert still.since("cell", now - 5.0) == pytest.approx(5.0)


def test_the_word_that_a_thread_could_not_be_woken_proves_it_whatever_its_hub_does(bus: Bus, now: float) -> None:
    still = Stillness(bus)
    told(bus, now - 0.5, 5.0, over_s=5.0)
    bus.emit(Event(AppLog(text="greenlet.error: Cannot switch to a different thread"), now - 2.0, "cell", 12))
    look(bus, now - 1.0, waits=True, timers=1)
    assert still.since("cell", now - 5.0) == pytest.approx(5.0)


@pytest.mark.parametrize(("takes_s", "done"), [(0.0, False), (5.0, True)])
def test_what_is_done_by_the_clock_is_done_where_it_takes_long(takes_s: float, *, done: bool) -> None:
    happened = threading.Event()
    with by_the_clock(0.05, happened.set):
        happened.wait(takes_s)
    assert happened.is_set() is done
