"""Before a fault strikes, the connections that it is to meet are used: those of the first cells may have idled long."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import subjects
from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer
from heartbed.record.kinds import BrokerLog, ConnectionCreated
from heartbed.stage.fault import WARM_UPS, ask_until_well, await_broker, warm_up
from heartbed.stage.opened import OpenedCell
from heartbed.stage.stage import Stage


@dataclass
class Answering:
    """Stands for the client: answers at once, or never."""

    status: int | None = 200
    asked: list[str] = field(default_factory=list)

    def cast(self, phase: str) -> tuple[int | None, int | None]:
        self.asked.append(f"cast {phase}")
        return 7, self.status

    def call(self, phase: str) -> tuple[int | None, int | None]:
        self.asked.append(f"call {phase}")
        return 7, self.status


@dataclass
class Playing:
    """Of a stage, what is needed to warm cells up."""

    opened: list[OpenedCell]
    settings: Settings = field(default_factory=lambda: Settings(heartbeat_s=2))
    stop: threading.Event = field(default_factory=threading.Event)


def opened_cell(client: Answering, idled_s: float) -> OpenedCell:
    (subject,) = subjects(select(["prefork-daemon-eventlet"]).cells)
    return OpenedCell(subject, cast("Any", client), idle_from=time.time() - idled_s)


def warmed(*cells: OpenedCell) -> None:
    warm_up(cast("Stage", Playing([*cells])))


def test_a_cell_that_has_idled_for_longer_than_a_timeout_is_used_again() -> None:
    client = Answering()
    cell = opened_cell(client, 2.5)
    warmed(cell)
    assert client.asked == ["cast before", "call before"]
    assert time.time() - cell.idle_from < 1.0


def test_one_that_was_used_just_now_is_left_alone() -> None:
    client = Answering()
    warmed(opened_cell(client, 0.5))
    assert client.asked == []


def test_one_that_does_not_answer_is_not_asked_again() -> None:
    client = Answering(status=None)
    cell = opened_cell(client, 30.0)
    warmed(cell)
    assert cell.stuck
    warmed(cell)
    assert len(client.asked) == 2


def test_it_is_not_gone_on_for_ever_with_a_machine_that_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Answering()
    cell = opened_cell(client, 30.0)
    monkeypatch.setattr(Settings, "timeout_of", lambda *_: -1.0)
    warmed(cell)
    assert len(client.asked) == 2 * WARM_UPS


def test_the_rpc_server_is_back_when_it_answers_a_control(tmp_path: Path) -> None:
    bus = Bus(Writer(tmp_path))
    answers = [False, False, True]
    hand = SimpleNamespace(at_once=lambda *given: given[-1]())
    stage = cast("Stage", SimpleNamespace(bus=bus, hand=hand, stop=threading.Event(), call=lambda: answers.pop(0)))
    bus.emit(Event(ConnectionCreated(timeout_s=2, name="c"), t=time.time() + 5))
    await_broker(stage)
    assert answers == []


def test_the_broker_is_back_when_it_logs_a_connection_also_where_its_events_are_not_heard_yet(tmp_path: Path) -> None:
    bus = Bus(Writer(tmp_path))
    hand = SimpleNamespace(at_once=lambda *given: given[-1]())
    stage = cast("Stage", SimpleNamespace(bus=bus, hand=hand, stop=threading.Event(), call=lambda: True))
    bus.emit(Event(BrokerLog(reason="other", text="Starting RabbitMQ"), t=time.time() + 5))
    bus.emit(Event(BrokerLog(reason="other", text="accepting AMQP connection"), t=time.time() + 5, conn="c"))
    began = time.monotonic()
    await_broker(stage)
    assert time.monotonic() - began < 10


def test_a_run_that_ends_does_not_wait_for_the_rpc_server(tmp_path: Path) -> None:
    bus, stop = Bus(Writer(tmp_path)), threading.Event()
    hand = SimpleNamespace(at_once=lambda *_: stop.set())
    await_broker(cast("Stage", SimpleNamespace(bus=bus, hand=hand, stop=stop, call=lambda: False)))


@dataclass
class Asking:
    """Of a stage, what is needed to ask cells until they are well; every request to one is under its eyes."""

    stop: threading.Event = field(default_factory=threading.Event)
    waits: int = 10
    watched: int = 0

    def state(self, opened: OpenedCell, state: str) -> None:
        """Nobody listens."""

    def wait(self, pause_s: float) -> None:
        """Ends with the last of so many."""
        del pause_s
        self.waits -= 1
        if not self.waits:
            self.stop.set()

    @contextmanager
    def looking_where_it_hangs(self, opened: OpenedCell) -> Iterator[None]:
        """Counts what is asked under it."""
        asked = cast("Answering", opened.client).asked
        before = len(asked)
        yield
        self.watched += len(asked) - before


def asked_until_well(cell: OpenedCell, also: Collection[int] = (), waits: int = 10) -> None:
    told = Asking(waits=waits)
    ask_until_well(cast("Stage", told), cell, also)
    assert told.watched == len(cast("Answering", cell.client).asked)


def test_a_cell_that_was_ill_before_the_fault_is_asked_once_after_it() -> None:
    client = Answering(status=504)
    cell = opened_cell(client, 30.0)
    warmed(cell)
    assert cell.ill
    client.asked.clear()
    asked_until_well(cell)
    assert client.asked == ["cast after", "call after"]


def test_one_that_was_well_before_it_is_asked_until_it_is_so_again() -> None:
    @dataclass
    class Slow(Answering):
        def call(self, phase: str) -> tuple[int | None, int | None]:
            super().call(phase)
            return 7, 200 if len(self.asked) > 6 else 504

    client = Slow()
    asked_until_well(opened_cell(client, 0.0))
    assert len(client.asked) == 8


@dataclass
class Several(Answering):
    """Three processes that answer in turn, one of them with an error at first."""

    calls: int = 0

    def call(self, phase: str) -> tuple[int | None, int | None]:
        super().call(phase)
        self.calls += 1
        pid = 7 + self.calls % 3
        return pid, 504 if pid == 9 and self.calls < 6 else 200


def test_of_several_processes_each_is_asked_until_it_is_well() -> None:
    client = Several()
    asked_until_well(opened_cell(client, 0.0), also={7, 8, 9})
    assert client.asked[-2:] == ["cast after", "call after"]
    assert client.calls == 9 + 1


def test_of_several_processes_none_is_asked_any_more_where_one_hangs() -> None:
    client = Answering(status=None)
    asked_until_well(opened_cell(client, 0.0), also={7, 8}, waits=1)
    assert client.asked == ["call after", "call after", "cast after", "call after"]
