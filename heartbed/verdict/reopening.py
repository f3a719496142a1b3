"""Connections that were opened in the place of those that a fault ended, before anybody asked the cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory, Purpose


def since(dead: Sequence[ConnectionHistory], others: Sequence[ConnectionHistory], again: float) -> float | None:
    """When the last of those that were lost had been opened again, for the same purpose, and stayed open until asked.

    The cell was asked again at ``again``; epoch seconds. None where some had not, and where none was lost.
    """
    there = [c for c in others if c.answered and c.opened < again and (c.closed is None or c.closed > again)]
    times = []
    for purpose, number in Counter(conn.purpose for conn in dead).items():
        alike = sorted(c.opened for c in there if c.purpose in (purpose, Purpose.UNKNOWN))
        if len(alike) < number:
            return None
        times.append(alike[number - 1])
    return max(times, default=None)
