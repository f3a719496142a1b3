"""The bus: every event to the record first, then to whoever listens."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from heartbed.errors import TestbedError
from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer, read
from heartbed.record.kinds import AppLog, RunStart, Unknown
from heartbed.waiting import Deadline

NEVER = Deadline(3600)


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    bus = Bus(Writer(tmp_path))
    bus.emit(Event(RunStart(run="test")))
    return bus


def other(name: str) -> Event:
    """An event of a kind that is not declared."""
    return Event(Unknown(name=name))


def nothing() -> None:
    """Nothing to look after."""


def test_a_listener_hears_of_an_event_after_it_was_recorded(bus: Bus, tmp_path: Path) -> None:
    heard: list[str] = []
    bus.listen(lambda event: heard.append(f"{event.kind}: {len(read(tmp_path))} recorded"))
    bus.emit(other("a"))
    assert heard == ["a: 2 recorded"]


def test_waiting_finds_what_has_been_and_what_comes(bus: Bus) -> None:
    bus.emit(other("past"))
    found = bus.wait_for(lambda event: event.kind == "past", NEVER, poll=nothing)
    assert found is not None
    later = threading.Timer(0.05, bus.emit, [other("future")])
    later.start()
    found = bus.wait_for(lambda event: event.kind == "future", NEVER, poll=nothing)
    assert found is not None
    later.join()


def test_waiting_ends_at_the_deadline(bus: Bus) -> None:
    assert bus.wait_for(lambda event: event.kind == "never", Deadline(0), poll=nothing) is None


def test_what_is_polled_may_end_the_waiting(bus: Bus) -> None:
    def poll() -> None:
        raise TestbedError("the container has ended")

    with pytest.raises(TestbedError, match="the container has ended"):
        bus.wait_for(lambda event: event.kind == "never", NEVER, poll=poll)


def test_a_failure_to_write_is_raised_by_check_and_not_in_the_observers_thread(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_event: Event) -> None:
        raise TestbedError("the disk is full")

    monkeypatch.setattr(bus._writer, "write", full)
    heard: list[str] = []
    bus.listen(lambda event: heard.append(event.kind))
    bus.check()
    bus.emit(other("lost"))
    assert heard == ["lost"]  # the view of the run still shows it
    with pytest.raises(TestbedError, match="the disk is full"):
        bus.check()
    with pytest.raises(TestbedError, match="the disk is full"):
        bus.wait_for(lambda event: event.kind == "never", NEVER, poll=nothing)


def test_the_first_failure_counts(bus: Bus) -> None:
    bus.fail(TestbedError("the cause"))
    bus.fail(TestbedError("what came of it"))
    with pytest.raises(TestbedError, match="the cause"):
        bus.check()


def test_events_of_many_threads_are_whole_lines(bus: Bus, tmp_path: Path) -> None:
    def emit() -> None:
        for _ in range(50):
            bus.emit(Event(AppLog(text="y" * 200)))

    threads = [threading.Thread(target=emit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(tmp_path)) == 1 + 8 * 50
