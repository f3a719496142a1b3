"""What probes did, put together from the events that tell of its beginning and of its end."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.record.event import Event, only
from heartbed.record.kinds import Intervention

Done = tuple[Event[Intervention], Intervention]
"""The event of its beginning, and what is known of it at last."""


def interventions(events: Iterable[Event]) -> list[Done]:
    """All that probes did, in order of time."""
    acts = only(events, Intervention)
    last = {_key(each.data): each.data for each in acts}
    return [(each, last.pop(_key(each.data))) for each in acts if _key(each.data) in last]


def concern(cell: str, act: int, done: Iterable[Done]) -> list[Intervention]:
    """Those of an act that were done to a cell, named as its events are, or to what all cells share."""
    return [acts for event, acts in done if acts.act == act and event.cell in (cell, None)]


def _key(acts: Intervention) -> tuple[str, int, int]:
    return acts.who, acts.act, acts.number
