"""All observers of a run together: none is left where stopping them is interrupted."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from heartbed.observers.watch import Observation


class Watcher:
    """Stands for an observer."""

    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


def observation(watchers: list[Watcher]) -> Observation:
    """One that runs these, and knows nothing of any testbed."""
    made = Observation.__new__(Observation)
    made.__dict__.update(_running=[*watchers], _ending=threading.Event(), _dissection=None)
    return made


def test_each_observer_is_stopped_once() -> None:
    watchers = [Watcher() for _ in range(4)]
    watching = observation(watchers)
    watching.stop()
    watching.stop()
    assert [watcher.stopped for watcher in watchers] == [1, 1, 1, 1]


def test_those_that_an_interruption_has_left_are_stopped_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    watchers = [Watcher() for _ in range(4)]
    watching = observation(watchers)
    submit, asked = ThreadPoolExecutor.submit, iter(range(9))

    def interrupted(pool: ThreadPoolExecutor, *what: Any) -> Future[Any]:
        if next(asked) == 2:
            raise KeyboardInterrupt
        return submit(pool, *what)

    with monkeypatch.context() as patched:
        patched.setattr(ThreadPoolExecutor, "submit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            watching.stop()
    watching.stop()
    assert [watcher.stopped for watcher in watchers] == [1, 1, 1, 1]
