"""What goes on at a time."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from heartbed.stage.room import Counted, Gathering, Room


def test_whoever_needs_more_than_is_left_waits() -> None:
    room, entered = Room(3), threading.Event()

    def enter() -> None:
        with room.of(2):
            entered.set()

    with ThreadPoolExecutor(1) as pool:
        with room.of(2):
            pool.submit(enter)
            assert not entered.wait(0.05)
        assert entered.wait(5)


def test_whoever_needs_more_than_there_is_takes_it_all() -> None:
    room = Room(3)
    with room.of(100):
        pass
    with room.of(3):
        pass


def test_a_place_is_given_back_however_it_is_left() -> None:
    room = Room(1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), room.of():
            _ = 1 // 0


def test_of_many_who_come_at_a_time_one_is_the_last() -> None:
    gathering = Gathering(50)
    with ThreadPoolExecutor(10) as pool:
        last = [*pool.map(lambda _: gathering.come(), range(50))]
    assert last.count(True) == 1


def test_somebody_is_at_it_until_the_last_one_has_left() -> None:
    counted = Counted()
    with counted:
        with counted:
            assert counted.some
        assert counted.some
    assert not counted.some
