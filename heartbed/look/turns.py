"""Whose threads are looked at next: first of those processes whose connections are silent, and few of many alike."""

from __future__ import annotations

from collections import Counter

from heartbed.verdict.look.values import LookOutcome, LookVerdict

OF_ALIKE = 2
"""Processes of one server that fare alike, whose threads are looked at."""


class Turns:
    """Every process of which something new is to be learnt has its turn once."""

    def __init__(self) -> None:
        self._had: set[int] = set()
        self._alike: Counter[tuple[str, str]] = Counter()
        self._waiting: list[int] = []
        self._fates: dict[int, tuple[str, str]] = {}

    def plan(self, verdict: LookVerdict) -> None:
        """Decide anew who waits, by what is known now."""
        alike = self._alike.copy()
        self._waiting = []
        ranks = [*LookOutcome]
        for process in sorted(verdict.processes, key=lambda each: ranks.index(each.outcome)):
            key = process.group, str(process.outcome)
            if process.pid not in self._had and alike[key] < OF_ALIKE:
                alike[key] += 1
                self._waiting.append(process.pid)
        self._fates = {process.pid: (process.group, str(process.outcome)) for process in verdict.processes}

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def next(self) -> int | None:
        """The process whose turn it is; None when nobody waits."""
        if not self._waiting:
            return None
        pid = self._waiting.pop(0)
        self._had.add(pid)
        self._alike[self._fates[pid]] += 1
        return pid
