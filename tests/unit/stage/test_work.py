"""Work beside the main thread: on many things at a time, or on one until it is ended."""

from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from heartbed.errors import TestbedError
from heartbed.record.bus import Bus
from heartbed.record.event import Writer
from heartbed.stage.work import Urgent, Worker, each, steadily


@pytest.fixture
def bus(tmp_path: Path) -> Bus:
    return Bus(Writer(tmp_path))


def test_no_more_than_so_many_are_worked_on_at_a_time(bus: Bus) -> None:
    lock, at_work, most = threading.Lock(), 0, 0

    def work(_: int) -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.01)
        with lock:
            at_work -= 1

    each(bus, range(9), work, 3)
    assert most == 3


def test_the_first_error_ends_the_work_and_is_raised(bus: Bus) -> None:
    begun: list[int] = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 1:
            raise TestbedError("cell 1 did not start")
        time.sleep(0.01)

    with pytest.raises(TestbedError, match="cell 1 did not start"):
        each(bus, range(100), work, 1)
    assert len(begun) < 100


def test_a_failure_elsewhere_ends_the_work_too(bus: Bus) -> None:
    """As when the broker ends while cells are being opened."""
    bus.fail(TestbedError("RabbitMQ has ended"))
    release = threading.Event()
    with pytest.raises(TestbedError, match="RabbitMQ has ended"):
        each(bus, [1], lambda _: cast(None, release.wait(5)), 1)
    release.set()


def test_a_worker_asks_steadily_until_it_is_ended(bus: Bus) -> None:
    asked: list[float] = []
    third = threading.Event()

    def ask() -> None:
        asked.append(time.time())
        if len(asked) == 3:
            third.set()

    first = time.time() + 0.02
    worker = Worker("asking", steadily(ask, first, 0.05), bus, threading.Event())
    assert third.wait(5)
    worker.end()
    count = len(asked)
    assert not worker.going
    # A machine that is busy asks late, never early.
    assert all(t >= first + 0.05 * number - 0.01 for number, t in enumerate(asked))
    assert len(asked) == count


def test_a_worker_does_nothing_more_when_the_run_is_stopped(bus: Bus) -> None:
    stop = threading.Event()
    stop.set()
    asked: list[int] = []
    Worker("asking", steadily(lambda: asked.append(1), time.time(), 0.01), bus, stop).end()
    assert asked == []


@pytest.mark.parametrize(
    ("error", "told"),
    [(TestbedError("the cell has ended"), "the cell has ended"), (ValueError("seven"), "asking: ValueError: seven")],
)
def test_what_goes_wrong_in_a_worker_ends_the_run(bus: Bus, error: Exception, told: str) -> None:
    def gone(_: Worker) -> None:
        raise error

    Worker("asking", gone, bus, threading.Event()).end()
    with pytest.raises(TestbedError, match=told):
        bus.check()


def test_what_is_urgent_is_done_before_all_that_waits() -> None:
    doing, going_on = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        doing.set()
        going_on.wait(5)

    pool = Urgent(1, "test")
    pool.submit(first, urgent=False)
    assert doing.wait(5)
    waiting = [pool.submit(partial(done.append, name), urgent=name == "urgent") for name in ("one", "two", "urgent")]
    going_on.set()
    for future in waiting:
        future.result(5)
    pool.close()
    assert done == ["urgent", "one", "two"]


def test_one_thing_fewer_is_done_at_a_time_while_a_place_is_spared() -> None:
    pool = Urgent(2, "test")
    together = threading.Barrier(2)
    with pool.sparing():
        with pytest.raises(threading.BrokenBarrierError):
            pool.submit(partial(together.wait, 0.05), urgent=False).result(5)
        together.reset()
    both = [pool.submit(partial(together.wait, 5), urgent=False) for _ in range(2)]
    for future in both:
        future.result(5)
    pool.close()


def test_an_error_is_raised_where_it_was_asked_for() -> None:
    def fail() -> None:
        raise KeyError("it")

    pool = Urgent(1, "test")
    with pytest.raises(KeyError):
        pool.submit(fail, urgent=True).result(5)
    pool.submit(lambda: None, urgent=False).result(5)
    pool.close()


def test_what_waits_is_cancelled_when_it_is_closed() -> None:
    doing, going_on = threading.Event(), threading.Event()

    def first() -> None:
        doing.set()
        going_on.wait(5)

    pool = Urgent(1, "test")
    begun = pool.submit(first, urgent=False)
    assert doing.wait(5)
    waiting = pool.submit(lambda: None, urgent=False)
    closing = threading.Thread(target=pool.close)
    closing.start()
    with pytest.raises(CancelledError):
        waiting.result(5)
    going_on.set()
    closing.join(5)
    assert begun.result(0) is None
