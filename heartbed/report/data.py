"""What a report is made from: the verdict, the record behind it, and the folder both live in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heartbed.record import folder as folders
from heartbed.record.event import Event, K, only, read
from heartbed.record.kinds import RunEnd, RunPhase
from heartbed.verdict import judge
from heartbed.verdict.values import CellVerdict, Connection, RunVerdict


@dataclass(frozen=True)
class RunData:
    """One run, ready to be rendered.

    ``events`` may be empty or end early: a report shows what there is and
    says what is missing.
    """

    verdict: RunVerdict
    events: Sequence[Event]
    folder: Path

    @cached_property
    def _by_line(self) -> dict[int, Event]:
        return {event.line: event for event in self.events}

    @cached_property
    def _by_cell(self) -> dict[str | None, list[Event]]:
        return _grouped((event.cell, event) for event in self.events)

    @cached_property
    def _by_conn(self) -> dict[str | None, list[Event]]:
        return _grouped((event.conn, event) for event in self.events)

    @cached_property
    def _in_order(self) -> list[Event]:
        return sorted(self.events, key=lambda event: event.t)

    def at_line(self, line: int) -> Event | None:
        """The event on that line of the record, if the record reaches so far."""
        return self._by_line.get(line)

    def of_kind(self, *kinds: type[K]) -> list[Event[K]]:
        """All events of these kinds, in order of time."""
        return only(self._in_order, *kinds)

    def all_of_cell(self, cell: str) -> list[Event]:
        """The events of one cell, in order of time."""
        return self._by_cell.get(cell, [])

    def of_cell(self, cell: str, *kinds: type[K]) -> list[Event[K]]:
        """The events of one cell that are of these kinds, in order of time."""
        return only(self.all_of_cell(cell), *kinds)

    def of_connection(self, connection: Connection, *kinds: type[K]) -> list[Event[K]]:
        """The events of one connection that are of these kinds, whoever observed them, in order of time."""
        return only(self._by_conn.get(connection.conn, []), *kinds)

    def cell(self, name: str) -> CellVerdict | None:
        """The first verdict on the cell of that name."""
        return next((cell for cell in self.verdict.cells if cell.cell == name), None)

    @property
    def meanwhile(self) -> str:
        """What was done to the cells in the idle period, as the record has it."""
        idle = RunPhase(phase="idle")
        return next((e.data for e in self.of_kind(RunPhase) if e.data.phase == "idle"), idle).meanwhile

    @property
    def idle(self) -> tuple[float, float] | None:
        """When the common idle period began and ended (epoch seconds), as far as the record tells."""
        began = next((event for event in self.of_kind(RunPhase) if event.data.phase == "idle"), None)
        if began is None:
            return None
        ends = [*self.of_kind(RunPhase), *self.of_kind(RunEnd)]
        after = min((event.t for event in ends if event.t > began.t), default=None)
        until = self.events[-1].t if began.data.until is None else began.data.until
        return began.t, max(began.t, until if after is None else after)


def _grouped(pairs: Iterable[tuple[str | None, Event]]) -> dict[str | None, list[Event]]:
    groups: dict[str | None, list[Event]] = defaultdict(list)
    for key, event in pairs:
        groups[key].append(event)
    for events in groups.values():
        events.sort(key=lambda event: event.t)
    return dict(groups)


def load(runs: Path, name: str) -> RunData:
    """A run by path, name or ``latest``, judged anew from its record."""
    folder = folders.find(runs, name)
    events = read(folder)
    return RunData(verdict=judge(events), events=events, folder=folder)
