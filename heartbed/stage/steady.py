"""Casts and calls in turn, one after another, for as long as a probe does something else to the cell."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

from heartbed.stage.client import Client, answered
from heartbed.stage.reach import Answer
from heartbed.stage.work import Worker

EVERY_S = 0.25
"""Requests are due so often. One that takes longer takes the place of those that were due meanwhile."""


@dataclass
class Steady:
    """One request at a time, so that none waits for another of ours, nor shares a lock with it.

    ``pids`` are the processes that have answered with a success since they were last forgotten; ``calling`` is set
    while a call is under way.
    """

    client: Client
    pids: set[int] = field(default_factory=set)
    calling: threading.Event = field(default_factory=threading.Event)

    def go_on(self, worker: Worker) -> None:
        """Ask until the worker is ended."""
        for number in itertools.count():
            if not worker.wait(EVERY_S):
                return
            pid, status = self._call() if number % 2 else self.client.cast("during")
            if pid is not None and answered(status):
                self.pids.add(pid)

    def _call(self) -> Answer:
        self.calling.set()
        try:
            return self.client.call("during")
        finally:
            self.calling.clear()
