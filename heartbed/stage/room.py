"""What goes on at a time: room for so much of it, whether all have come, whether any is at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """So many places; safe to use from any thread."""

    def __init__(self, places: int) -> None:
        self._places = self._free = places
        self._changed = threading.Condition()

    @contextmanager
    def of(self, places: int = 1) -> Iterator[None]:
        """Take so many places while the block lasts, or all where there are not as many."""
        wanted = min(places, self._places)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


class Gathering:
    """Does something once, when all who are waited for have come; nobody waits here."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._lock = threading.Lock()

    def come(self) -> bool:
        """Whether this was the last of them."""
        with self._lock:
            self._missing -= 1
            return self._missing == 0


class Counted:
    """How many are at something: each as a context manager."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1

    @property
    def some(self) -> bool:
        """Whether anybody is at it."""
        return self._count > 0
