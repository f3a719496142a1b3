"""What a report is made from: the verdict, the record behind it, and the folder both live in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heartbed.record import folder as folders
from heartbed.record.event import Event, read
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
    def _by_kind(self) -> dict[str | None, list[Event]]:
        return _grouped((event.kind, event) for event in self.events)

    def at_line(self, line: int) -> Event | None:
        """The event on that line of the record, if the record reaches so far."""
        return self._by_line.get(line)

    def of_kind(self, *kinds: str) -> list[Event]:
        """All events of these kinds, in order of time."""
        found = [event for kind in kinds for event in self._by_kind.get(kind, ())]
        return sorted(found, key=lambda event: event.t)

    def of_cell(self, cell: str, *kinds: str) -> list[Event]:
        """The events of one cell, only these kinds if any are named, in order of time."""
        return [event for event in self._by_cell.get(cell, ()) if not kinds or event.kind in kinds]

    def of_connection(self, connection: Connection, *kinds: str) -> list[Event]:
        """The events of one connection, whoever observed them, in order of time."""
        return [event for event in self._by_conn.get(connection.conn, ()) if not kinds or event.kind in kinds]

    def cell(self, name: str) -> CellVerdict | None:
        """The first verdict on the cell of that name."""
        return next((cell for cell in self.verdict.cells if cell.cell == name), None)

    @property
    def meanwhile(self) -> str:
        """What was done to the cells in the idle period, as the record has it."""
        told = (e.data.get("meanwhile") for e in self.of_kind("run.phase") if e.data.get("phase") == "idle")
        return str(next(told, None) or "nothing touches the cells")

    @property
    def idle(self) -> tuple[float, float] | None:
        """When the common idle period began and ended (epoch seconds), as far as the record tells."""
        began = next((event for event in self.of_kind("run.phase") if event.data.get("phase") == "idle"), None)
        if began is None:
            return None
        after = [event.t for event in self.of_kind("run.phase", "run.end") if event.t > began.t]
        until = began.data.get("until")
        ends = after[0] if after else until if isinstance(until, int | float) else self.events[-1].t
        return began.t, max(began.t, float(ends))


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
