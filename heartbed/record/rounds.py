"""The rounds of a cell that a probe was played on again and again, each as a history of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import CellState, ContainerChanged, Request, RpcArrived

LASTS = ("pause", "disconnect")
"""What may befall a container and goes on until it is undone."""


@dataclass(frozen=True)
class Round:
    """From the beginning of an idle time to the end of the requests after it, epoch seconds."""

    begun: float
    asked: float
    done: float


def rounds(cell: CellHistory) -> list[Round]:
    """All of a cell's rounds that came to their end, in order of time; where none did, none."""
    found: list[Round] = []
    begun = asked = None
    for event in cell.of(CellState):
        if event.data.state == "opened":
            begun, asked = event.t, None
        elif event.data.state == "asking":
            asked = event.t
        elif event.data.state == "done" and begun is not None and asked is not None:
            found.append(Round(begun, asked, event.t))
            begun = asked = None
    return found


def history(cell: CellHistory, played: Sequence[Round], number: int) -> CellHistory:
    """What was observed of one round, ``number`` from 0, as if it were all: what came before it opened the cell.

    Of earlier requests each process's last that were right are kept, as those before the idle time: what they failed
    in was another round's.
    """
    since = played[number - 1].done if number else 0.0
    until = played[number].done if number < len(played) - 1 else math.inf
    own = [event for event in cell.events if _is_of(event, since, until)]
    events = sorted([*_last_right(cell, since), *_lasting(cell, since), *own], key=lambda event: event.t)
    connections = [c for c in cell.connections if c.opened <= until and (c.closed is None or c.closed >= since)]
    done = [each for each in cell.interventions if since <= each.begun < until]
    return replace(cell, events=events, connections=connections, interventions=done)


def whole(cell: CellHistory, played: Sequence[Round]) -> CellHistory:
    """The cell as if its last round were all that it was asked for: one idle time, with requests in it."""
    last = played[-1].asked if played else 0.0
    events = [_in_phase(e, "during") if _was_after(e) and e.t < last else e for e in cell.events]
    return replace(cell, events=events)


def _is_of(event: Event, since: float, until: float) -> bool:
    """Whether an event tells of the round; of what was observed before, requests and what befell containers do not."""
    if isinstance(event.data, RpcArrived):
        return True  # it may come later than the answer to what has sent it
    return event.t < until and (event.t >= since or not isinstance(event.data, Request | ContainerChanged))


def _lasting(cell: CellHistory, since: float) -> list[Event]:
    """What befell the container in an earlier round, where that lasts: what was undone by then was that round's."""
    before = [event for event in cell.of(ContainerChanged) if event.t < since]
    return [event for event in before[-1:] if event.data.action in LASTS]


def _last_right(cell: CellHistory, since: float) -> list[Event]:
    before = [e for e in cell.of(Request) if e.t < since and e.data.needs_rabbitmq and not e.data.failed]
    last = {(event.pid, event.data.what): event for event in before}
    return [_in_phase(event, "before") for event in last.values()]


def _was_after(event: Event) -> bool:
    return isinstance(event.data, Request) and event.data.phase == "after"


def _in_phase(event: Event, phase: str) -> Event:
    assert isinstance(event.data, Request)  # noqa: S101  only such are handed in
    return replace(event, data=event.data.model_copy(update={"phase": phase, "burst": None}))
