"""A record's events in order of time, found by kind, cell, connection and line. The one index of a record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from heartbed.record.by_kind import ByKind
from heartbed.record.event import Event, K
from heartbed.record.kinds import REMOVED, CellState, RpcArrived
from heartbed.record.lives import lives

H = TypeVar("H", bound=Hashable)


class Index:
    """Of these events, whatever their order; what is seen of a cell's end once nothing is wanted of it is left out."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = _wanted(sorted(events, key=lambda event: event.t))
        """In order of time."""

    @cached_property
    def _by_kind(self) -> ByKind:
        return ByKind(self.events)

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """All events of these kinds."""
        return self._by_kind.of(*kinds)

    @cached_property
    def by_cell(self) -> Mapping[str | None, list[Event]]:
        """Cell -> its events; those that belong to none under None."""
        return _grouped((event.cell, event) for event in self.events)

    @cached_property
    def by_address(self) -> Mapping[str, list[list[Event]]]:
        """A client's end -> the events of each connection that had it, one after another, whoever observed them."""
        by_conn = _grouped((event.conn, event) for event in self.events if event.conn is not None)
        return {conn: lives(events) for conn, events in by_conn.items()}

    @cached_property
    def by_line(self) -> Mapping[int, Event]:
        """Line of the record -> its event."""
        return {event.line: event for event in self.events}


def _wanted(events: Sequence[Event]) -> list[Event]:
    """Without what comes of a cell's removal. A message that it had sent before may arrive later."""
    states = [event for event in events if isinstance(event.data, CellState) and event.data.state == REMOVED]
    gone = {event.cell: event.t for event in states}
    return [
        event
        for event in events
        if event.cell not in gone or event.t <= gone[event.cell] or isinstance(event.data, RpcArrived)
    ]


def _grouped(pairs: Iterable[tuple[H, Event]]) -> Mapping[H, list[Event]]:
    groups: dict[H, list[Event]] = defaultdict(list)
    for key, event in pairs:
        groups[key].append(event)
    return dict(groups)
