"""What is done to the run's containers by anybody: paused, taken off their network, ended.

A container that is frozen or cut off looks like one that lost its connection by itself.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

from heartbed.observers.base import Emit, failed
from heartbed.record.event import Event
from heartbed.record.kinds import ContainerChanged
from heartbed.testbed.testbed import ChangeFeed

STOP_DEADLINE_S = 3.0


class Changes:
    """Follows what the engine tells of the run's containers; ``follow`` begins to."""

    def __init__(self, follow: Callable[[], ChangeFeed], emit: Emit) -> None:
        self._open, self._emit = follow, emit
        self._feed: ChangeFeed | None = None
        self._stopping = False
        self._thread = threading.Thread(target=self._follow, name="changes", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        try:
            self._feed = self._open()
        except Exception as error:  # noqa: BLE001  # docker, requests, urllib3 and socket each have their own
            failed(self._emit, "changes", f"what is done to containers cannot be followed: {error}")
            return
        self._thread.start()

    def stop(self) -> None:
        """Follow no more."""
        self._stopping = True
        if self._feed is not None:
            # The stream is closed under the thread that reads it, which may show in many ways.
            with contextlib.suppress(Exception):
                self._feed.close()
        if self._thread.is_alive():
            self._thread.join(STOP_DEADLINE_S)

    def _follow(self) -> None:
        try:
            for change in self._feed or ():
                self._emit(Event(ContainerChanged(action=change.action), change.t, change.service))
        except Exception as error:  # noqa: BLE001  # as above
            if not self._stopping:
                failed(self._emit, "changes", f"what is done to containers can be followed no more: {error}")
