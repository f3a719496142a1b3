"""The trickle probe: as idle, but each cell is asked for a page at a steady interval, as a load balancer does.

Does the health check save the connections? The page touches no RabbitMQ. Where
serving it ran the hub for a moment, a green heartbeat that is due would go out.
"""

from __future__ import annotations

import threading
import time

from heartbed.errors import TestbedError
from heartbed.stage import window
from heartbed.stage.stage import OpenedCell, Stage
from heartbed.testbed.engine import engine_errors

NAME = "trickle"
MEANING = "a page that does not touch RabbitMQ is asked for twice a heartbeat timeout, as a health check does"

PAGES_A_TIMEOUT = 2
"""RabbitMQ closes after two timeouts of silence: were each page to let one heartbeat out, none would come too late."""

FIRST = 0.75
"""When the first page is due, in intervals: with no timeout of whole seconds does a page then meet the look at the
process in the middle of its idle time."""


def play(stage: Stage) -> None:
    """Ask every cell for pages in one shared window, then ask each process for what needs RabbitMQ.

    The pages begin with the cell's own idle time and end when it is asked again.
    """
    trickles: dict[str, Trickle] = {}

    def begin(opened: OpenedCell) -> None:
        trickles[opened.cell.name] = Trickle(stage, opened)

    def end(opened: OpenedCell) -> None:
        trickles[opened.cell.name].end()

    window.pass_over(stage, f"each is asked for a page {PAGES_A_TIMEOUT} times a heartbeat timeout", begin, end)


class Trickle:
    """The requests to one cell, one after the other, in a thread of their own."""

    def __init__(self, stage: Stage, opened: OpenedCell) -> None:
        self._stage, self._opened = stage, opened
        timeout_s = stage.settings.timeout_of(opened.cell) or stage.settings.heartbeat_s
        self._every_s = timeout_s / PAGES_A_TIMEOUT
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, name=f"trickle-{opened.cell.name}", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            with engine_errors():
                while not self._ended.wait(self._until_next()) and not self._stage.stop.is_set():
                    self._opened.client.page()
        except TestbedError as error:
            self._stage.bus.fail(error)

    def _until_next(self) -> float:
        """Seconds until the next page is due. One that took longer than the interval has used up those in between."""
        first = self._opened.idle_from + FIRST * self._every_s
        return self._every_s - (time.time() - first) % self._every_s

    def end(self) -> None:
        """Ask no more; returns when the last page has been answered, or given up."""
        self._ended.set()
        self._thread.join()
