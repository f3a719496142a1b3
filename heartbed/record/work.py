"""For how long the processes of a cell were at work: a request of theirs is then on its way, however late it is.

The machine tells once a second who ran, and who could have run and had no core. A request hangs where nobody does
anything about it. It is late where the cell works for it, or waits for a core, or where the broker or the RPC server
that it depends on waits for one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from heartbed.record.event import Event
from heartbed.record.kinds import MachineWork
from heartbed.record.kinds.testbed import PartWork

SHARED = ("rabbitmq", "compute")
"""Whom every cell depends on. What they work may be for others; that they have no core concerns all."""

NOTHING = PartWork()


@dataclass(frozen=True)
class Work:
    """What a cell's processes had to do: ``told`` by the machine, in order of time."""

    service: str = ""
    told: Sequence[Event[MachineWork]] = ()

    def at_work_s(self, since: float, until: float) -> float:
        """For how long it was at work, or kept from it, between two moments (epoch seconds); untold time is none."""
        return sum(_share(e, since, until) * min(e.data.over_s, self._works(e.data)) for e in self.told)

    def told_s(self, since: float, until: float) -> float:
        """Of how much of the time between two moments (epoch seconds) the machine has told anything."""
        return sum(_share(e, since, until) * e.data.over_s for e in self.told)

    def starved_s(self, since: float, until: float) -> float:
        """For how long it, or somebody that it depends on, waited for a core."""
        return sum(_share(e, since, until) * min(e.data.over_s, self._waits(e.data)) for e in self.told)

    def stopped(self, pids: Collection[int], since: float, until: float) -> Event[MachineWork] | None:
        """The first time between two moments that one of these processes of the cell was seen stopped by a signal."""
        seen = (e for e in self.told if since <= e.t <= until and self.service in e.data.parts)
        return next((e for e in seen if not {*pids}.isdisjoint(e.data.parts[self.service].stopped)), None)

    def _works(self, told: MachineWork) -> float:
        own = told.parts.get(self.service, NOTHING)
        return (told.over_s if own.disk else own.ran_s) + self._waits(told)

    def _waits(self, told: MachineWork) -> float:
        return sum(told.parts[name].waited_s for name in (self.service, *SHARED) if name in told.parts)


def _share(event: Event[MachineWork], since: float, until: float) -> float:
    """Which share of the time that an event tells of lies between two moments."""
    begun = event.t - event.data.over_s
    both = min(event.t, until) - max(begun, since)
    return max(0.0, both) / event.data.over_s if event.data.over_s > 0 else 0.0
