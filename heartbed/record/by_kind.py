"""Events in order, found by kind: rules ask the same histories for one kind or another thousands of times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import cast

from heartbed.record.event import Event, K
from heartbed.record.kinds import Kind


class ByKind:
    """Of these events, which may not change any more."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._places: dict[type[Kind], list[tuple[int, Event]]] = defaultdict(list)
        for place, event in enumerate(events):
            self._places[type(event.data)].append((place, event))

    def of(self, *wanted: type[K]) -> list[Event[K]]:
        """Those that are of these kinds, in their order."""
        found = [places for kind, places in self._places.items() if issubclass(kind, wanted)]
        places = found[0] if len(found) == 1 else sorted((each for some in found for each in some), key=_place)
        return [cast("Event[K]", event) for _, event in places]


def _place(one: tuple[int, Event]) -> int:
    return one[0]
