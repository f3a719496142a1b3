"""How much of a core a look may take while it watches: what can be left out is done as far as there is room for it."""

from __future__ import annotations

from collections.abc import Callable

SHARE = 0.05
"""Of one core."""

PLANNED = 0.9
"""The part of it that is planned with: what is yet to come can take longer than what has been."""


class Budget:
    """For the time that is watched for; ``used_s`` tells the processor time that was taken so far, for anything."""

    def __init__(self, for_s: float, used_s: Callable[[], float]) -> None:
        self._whole_s = SHARE * PLANNED * for_s
        self._for_s = for_s
        self._used_s = used_s
        self._began_s = used_s()
        self._optional_s: list[float] = []
        self.refused = False
        """Whether there was no room when it was last asked for."""

    def allows(self, watched_s: float) -> bool:
        """Whether there is room for one more thing that can be left out. The first of them is always let through."""
        self.refused = bool(self._optional_s) and not self._fits(watched_s)
        return not self.refused

    def _fits(self, watched_s: float) -> bool:
        used = self._used_s() - self._began_s
        needed_per_s = (used - sum(self._optional_s)) / watched_s if watched_s > 0 else 0.0
        to_come = needed_per_s * max(0.0, self._for_s - watched_s)
        return used + to_come + max(self._optional_s) <= self._whole_s

    def spend(self, what: Callable[[], None]) -> None:
        """Do what can be left out."""
        before = self._used_s()
        what()
        self._optional_s.append(self._used_s() - before)
