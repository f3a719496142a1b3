"""A record that was merged: its own beginning, and the records of the shards, one after another."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.record.event import Event
from heartbed.record.kinds import RunStart


def shards(events: Iterable[Event]) -> list[list[Event]]:
    """The events of each shard, of which the first is its ``run.start``; none for a record that was not merged."""
    parts: list[list[Event]] = []
    for event in events:
        if isinstance(event.data, RunStart):
            parts.append([])
        if parts:
            parts[-1].append(event)
    return parts[1:]
