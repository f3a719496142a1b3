"""What a probe did to a cell, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from heartbed.record.kinds import Intervention
from heartbed.report.grouped import grouped
from heartbed.wording import seconds

ONE_BY_ONE = 2
"""What a probe did more often than that, it did round after round: that is told once."""

Told = tuple[float, str]
"""When (epoch seconds), and what."""


def in_words(done: Iterable[Intervention], origin: float) -> Iterator[Told]:
    """What was done, and when that was over; ``origin`` is what times are counted from (epoch seconds)."""
    for alike in grouped(done, lambda each: (each.who, each.what, each.where)):
        if len(alike) <= ONE_BY_ONE:
            yield from (said for each in alike for said in _one(each))
            continue
        first, last = alike[0], alike[-1]
        times = f"{len(alike)} times, the last at {last.begun - origin:+.1f}"
        yield first.begun, f"{times}: {first.who} {first.what} {first.where}"
        yield from ((each.begun, _not_undone(each)) for each in alike if each.error)


def _one(done: Intervention) -> Iterator[Told]:
    what = f"{done.who} {done.what} {done.where}"
    yield done.begun, what
    if done.refused:
        yield done.begun, f"this could not be done: {done.refused}"
    elif done.ended is not None:
        yield done.ended, f"{what}: over after {seconds(done.ended - done.begun)}"
    elif done.error:
        yield done.begun, _not_undone(done)


def _not_undone(done: Intervention) -> str:
    return f"this could not be undone: {done.error}"
