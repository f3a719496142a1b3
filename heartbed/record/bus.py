"""Carries every event to the record first, then to whoever listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from heartbed.errors import TestbedError
from heartbed.record.event import Event, K, Writer, only
from heartbed.waiting import Deadline

Listener = Callable[[Event], None]
Emit = Callable[[Event], None]
POLL_S = 0.25


class Bus:
    """The one way into the record; safe to call from any thread.

    A failure to write, or one of another thread, is kept and raised in the
    main thread by ``check``: an observer's thread has nobody to raise to.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._listeners: list[Listener] = []
        self._seen: list[Event] = []
        self._changed = threading.Condition()
        self._failure: TestbedError | None = None

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with every event from now on, in the emitting thread."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Record one event and tell the listeners."""
        try:
            self._writer.write(event)
        except TestbedError as error:
            self.fail(error)
        for listener in self._listeners:
            listener(event)
        with self._changed:
            self._seen.append(event)
            self._changed.notify_all()

    def fail(self, error: TestbedError) -> None:
        """Have ``check`` raise this in the main thread; the first failure counts."""
        self._failure = self._failure or error

    def check(self) -> None:
        """Raise what went wrong in writing or elsewhere, if anything did."""
        if self._failure is not None:
            raise self._failure

    def seen(self, kind: type[K]) -> list[Event[K]]:
        """The events of a kind that there have been."""
        with self._changed:
            return only(self._seen, kind)

    def wait_for(
        self, wanted: Callable[[Event], bool], deadline: Deadline, *, poll: Callable[[], None]
    ) -> Event | None:
        """The first event, past or to come, that is wanted; None when ``deadline`` passes.

        ``poll`` is called a few times a second while waiting and may raise, as
        when the container that should emit the event has died.
        """
        seen, polled = 0, time.monotonic()
        while True:
            with self._changed:
                if seen == len(self._seen):
                    self._changed.wait(timeout=POLL_S)
                fresh, seen = self._seen[seen:], len(self._seen)
            for event in fresh:
                if wanted(event):
                    return event
            self.check()
            if time.monotonic() - polled >= POLL_S:
                poll()
                polled = time.monotonic()
            if deadline.passed:
                return None
