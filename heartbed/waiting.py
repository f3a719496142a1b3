"""Waiting with a deadline: until something holds, with pauses that grow, and an error that says what was missing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

SHORTEST_S, LONGEST_S = 0.05, 1.0
"""Pauses between two looks: short at first, since most of what is waited for is there at once."""


class Deadline:
    """A moment that lies so many seconds after its making."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._moment = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether it lies behind."""
        return time.monotonic() > self._moment

    @property
    def words(self) -> str:
        """``within 90 s``."""
        return f"within {self.seconds:.3g} s"


def pauses(stop: threading.Event, longest_s: float = LONGEST_S) -> Iterator[Callable[[], object]]:
    """Pauses, each longer than the last, until ``stop`` is set: whoever is asked in vain is not asked in haste."""
    length = SHORTEST_S
    while not stop.is_set():
        yield partial(stop.wait, length)
        length = min(longest_s, 1.5 * length)


def until(  # noqa: PLR0913  what is waited for, how long, what is said of it in vain, and how it is asked
    holds: Callable[[], bool],
    deadline: Deadline,
    missing: Callable[[str], Exception],
    what: str,
    stop: threading.Event | None = None,
    *,
    longest_s: float = LONGEST_S,
) -> bool:
    """Ask until it holds, in pauses of up to ``longest_s`` seconds; False where ``stop`` is set before it does.

    ``holds`` may raise, as when what is waited for can come no more. Raises
    what ``missing`` makes of the words "``what`` within so many seconds": it
    knows the state of what was waited for, and the last lines of its log.
    """
    for pause in pauses(stop or threading.Event(), longest_s):
        if holds():
            return True
        if deadline.passed:
            raise missing(f"{what} {deadline.words}")
        pause()
    return False
