"""What a cell holds, round after round, and whether that grows.

It is taken at the end of each idle time, when nothing is under way in the cell. Growth counts as a leak where its
slope is positive with confidence over all rounds, and over the second half of them too, because whatever has just been
started grows for a while; and where it is large enough to matter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import ConsumerCreated, ProcessGone, ProcessUsage, QueueDeleted
from heartbed.record.rounds import Round
from heartbed.verdict.slope import Point, Slope, slope
from heartbed.verdict.values import Growth

FEWEST = 8
"""Rounds. Of fewer than four in either half no slope is positive with confidence, whatever they show."""

SHARE = 0.05
"""Of its memory, by so much a cell must have grown: an allocator keeps what it once had, and that alone is less."""

HOUR_S = 3600.0
OCTETS = "octets"


@dataclass(frozen=True)
class Series:
    """What was measured of one thing: ``points`` are (epoch seconds, how much)."""

    what: str
    unit: str
    points: tuple[Point, ...]


def series(cell: CellHistory, played: Sequence[Round]) -> list[Series]:
    """All that a cell holds, at the end of each idle time; what was not measured is not among it."""
    at = [each.asked for each in played]
    found = [
        Series("connections", "", tuple((t, float(connections(cell, t))) for t in at)),
        Series("queues", "", tuple((t, float(queues(cell, t))) for t in at)),
    ]
    usages = [(each.asked, held(cell, each.begun, each.asked)) for each in played]
    for what, unit, of in USED:
        points = tuple((t, float(sum(of(event.data) for event in last))) for t, last in usages if last)
        found += [Series(what, unit, points)] if points else []
    return found


def connections(cell: CellHistory, t: float) -> int:
    """The cell's connections that the broker had taken, and that were open at a moment (epoch seconds)."""
    return sum(c.answered and c.opened <= t and (c.closed is None or c.closed > t) for c in cell.connections)


def queues(cell: CellHistory, t: float) -> int:
    """The queues from which the cell has consumed, and that were there at a moment (epoch seconds)."""
    there: set[str] = set()
    for event in sorted(_of_queues(cell), key=lambda event: event.t):
        if event.t > t:
            break
        if isinstance(event.data, ConsumerCreated):
            there.add(event.data.queue or "")
        elif isinstance(event.data, QueueDeleted):
            there.discard(event.data.name)
    return len(there)


def _of_queues(cell: CellHistory) -> list[Event]:
    own = [event for conn in cell.connections for event in conn.of(ConsumerCreated)]
    return [*own, *cell.of(QueueDeleted)]


def memory(told: ProcessUsage) -> int:
    """Octets: the process's part of what it shares, as far as the kernel tells."""
    return told.rss_octets if told.pss_octets is None else told.pss_octets


USED: tuple[tuple[str, str, Callable[[ProcessUsage], int]], ...] = (
    ("file descriptors", "", lambda told: told.descriptors),
    ("threads", "", lambda told: told.threads),
    ("memory", OCTETS, memory),
)
"""What the processes of a cell hold, its unit, and how much that is in one of them."""


def held(cell: CellHistory, since: float, until: float) -> list[Event[ProcessUsage]]:
    """The last that was measured between two moments (epoch seconds) of each process that had not ended by then."""
    measured = {event.pid: event for event in cell.of(ProcessUsage) if since <= event.t <= until}
    gone = {event.pid: event.t for event in cell.of(ProcessGone) if since <= event.t <= until}
    return [event for pid, event in measured.items() if gone.get(pid, -math.inf) < event.t]


def growth(measured: Series) -> Growth | None:
    """How fast it grew; None where that cannot be said after so few rounds."""
    points = measured.points
    if len(points) < FEWEST:
        return None
    total, later = slope(points), slope(points[len(points) // 2 :])
    over_s = points[-1][0] - points[0][0]
    return Growth(
        what=measured.what,
        unit=measured.unit,
        first=points[0][1],
        last=points[-1][1],
        per_hour=round(total.slope * HOUR_S, 3),
        low=round(total.low * HOUR_S, 3),
        high=round(total.high * HOUR_S, 3),
        samples=len(points),
        over_s=round(over_s, 3),
        grows=total.low > 0 and later.low > 0 and _matters(measured, total, over_s),
    )


def _matters(measured: Series, total: Slope, over_s: float) -> bool:
    """Whether it is at least one of what is counted, or a share of the memory, that was added in all this time."""
    usual = median(value for _, value in measured.points)
    return total.low * over_s >= (SHARE * usual if measured.unit == OCTETS else 1.0)
