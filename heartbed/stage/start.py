"""Starts one cell: its container, its server, and the application in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from heartbed.cells.subject import Subject
from heartbed.errors import CellFailedError
from heartbed.stage.client import Client, answered
from heartbed.testbed.testbed import Testbed
from heartbed.waiting import Deadline, until

TOLD_EVERY_S = 15.0
"""How often it is told that an application is still being loaded."""

LINES = 60
STILL_S, SETTLES_S, POLL_S = 0.3, 3.0, 0.1
"""A log is told when nothing was added for so long, or at the latest after so long; how often it is looked at."""

GATEWAY_TIMEOUT = 504
"""A server's own word that the application was too slow for it: it may still be loading."""


class State(Protocol):
    """Records that a cell has reached a state."""

    def __call__(self, state: str, **more: object) -> None:
        """``more`` are the fields that belong to the state."""


@dataclass(frozen=True)
class Start:
    """What one cell is started with."""

    subject: Subject
    client: Client
    bed: Testbed
    stop: threading.Event
    state: State

    def wait(self) -> None:
        """Return when the application answers in one of its processes. Raises ``CellFailedError``."""
        last = ""

        def answers() -> bool:
            nonlocal last
            answered, last = self._answers()
            return answered

        def missing(what: str) -> CellFailedError:
            return self.failed(f"{what}{first_line(last)}")

        with self._telling():
            until(answers, Deadline(self.subject.cell.start_deadline_s), missing, "no answer", self.stop)

    def _answers(self) -> tuple[bool, str]:
        """Whether it answers, and what it or the network says. Raises ``CellFailedError`` where it never will."""
        woken = self.client.wake(connect_s=1.0)
        if answered(woken.status):
            return True, ""
        if self.stop.is_set():
            return False, ""  # the run ends, and takes this cell along: it has not failed
        if woken.status not in (None, GATEWAY_TIMEOUT):
            raise self.failed(f"the application answers {woken.status}{first_line(woken.text)}")
        if not self.bed.running(self.subject.name):
            raise self.failed("its server has ended")
        return False, woken.text

    def failed(self, reason: str) -> CellFailedError:
        """Record that the cell has failed; returns what is to be raised."""
        log = self._log()
        self.state("failed", reason=reason, log=log)
        return CellFailedError(self.subject.cell.name, reason, log)

    def _log(self) -> list[str]:
        """The last lines of its log, once no more come: what it says of an answer may reach the engine after that."""
        log = self.bed.log(self.subject.name, LINES)
        deadline, still_since = Deadline(SETTLES_S), time.monotonic()
        while not deadline.passed and time.monotonic() - still_since < STILL_S and not self.stop.wait(POLL_S):
            before, log = log, self.bed.log(self.subject.name, LINES)
            if log != before:
                still_since = time.monotonic()
        return log

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell now and then that the cell is still being started, for as long as the block takes."""
        done, begun = threading.Event(), time.monotonic()

        def tell() -> None:
            while not done.wait(TOLD_EVERY_S):
                self.state("loading", after_s=round(time.monotonic() - begun))

        teller = threading.Thread(target=tell, name=f"loading-{self.subject.name}", daemon=True)
        teller.start()
        try:
            yield
        finally:
            done.set()
            teller.join()


def first_line(text: str) -> str:
    """What an answer begins with, behind a colon; nothing of httpd's own pages, which only repeat the status."""
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return f": {first[:300]}" if first and not first.startswith("<") else ""
