"""Shards whose fates are written down, as folders of runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from heartbed import __version__
from heartbed.cells.expressions import select
from heartbed.cells.shards import Division
from heartbed.record.event import Event, Writer, only
from heartbed.record.kinds import AskedShard, RunStart
from tests.unit.histories import History

CELLS = select(["{prefork,event}-daemon-eventlet"]).cells


def shard(
    folder: Path, division: str, *, kept: bool = True, controls: bool = True, later: float = 0.0, **start: Any
) -> Path:
    """The record of one of two shards, each of one cell, in a folder of its own."""
    named = Division.named(division)
    (cell,), share = named.share(CELLS, lambda _: 1)
    history = History.of(cell.name, controls=controls)
    history.pair(beating=kept)
    history.end()
    asked = AskedShard(number=share.number, of=share.of, question=share.question, cells=list(share.cells))
    data = {"run": folder.name, "heartbed": __version__, "shard": asked, **start}
    (first,) = only(history.events[:1], RunStart)
    events = [replace(first, data=first.data.model_copy(update=data)), *history.events[1:]]
    return written(folder, [replace(event, t=event.t + later) for event in events])


def written(folder: Path, events: list[Event]) -> Path:
    folder.mkdir(parents=True)
    with Writer(folder) as writer:
        for event in events:
            writer.write(event)
    return folder
