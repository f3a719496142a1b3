"""What a report is made from: the verdict, the record behind it, and the folder both live in."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from heartbed.record.event import Event, K, only
from heartbed.record.history import CellHistory, sort
from heartbed.record.index import Index
from heartbed.record.interventions import Done, concern, interventions
from heartbed.record.kinds import AskedCell, CellState, Intervention, RunPhase, RunStart
from heartbed.record.kinds.run import NOTHING
from heartbed.report.about import About
from heartbed.verdict.answer import answer
from heartbed.verdict.values import CellVerdict, Connection, RunVerdict, worst


@dataclass(frozen=True)
class RunData:
    """One run, ready to be rendered.

    ``events`` may be empty or end early: a report shows what there is and
    says what is missing.
    """

    verdict: RunVerdict
    events: Sequence[Event]
    folder: Path
    about: About | None = None
    """What it was made for, where a study has told."""
    others: Sequence[RunData] = ()
    """The other runs of that study, as far as they are there."""

    def only(self, cells: Sequence[CellVerdict]) -> RunData:
        """The run as if only these cells had been in it."""
        said = self.verdict.answer if self.verdict.reason or not cells else answer(cells)
        of = {"cells": [*cells], "outcome": worst(each.outcome for each in cells), "answer": said}
        return replace(self, verdict=self.verdict.model_copy(update=of), about=None, others=())

    @cached_property
    def index(self) -> Index:
        """The events, to be found."""
        return Index(self.events)

    @property
    def shards(self) -> Sequence[RunData]:
        """Each of those that the run was merged from; none of a run that was not."""
        return ()

    def at(self, cell: CellVerdict) -> RunData:
        """Where a cell was played: in this run, or in one of its shards."""
        del cell
        return self

    @cached_property
    def asked(self) -> RunStart:
        """What was asked for, with what, on what."""
        return next((event.data for event in self.of_kind(RunStart)), RunStart(run=self.verdict.run))

    def at_line(self, line: int) -> Event | None:
        """The event on that line of the record, if the record reaches so far."""
        return self.index.by_line.get(line)

    def of_kind(self, *kinds: type[K]) -> list[Event[K]]:
        """All events of these kinds, in order of time."""
        return self.index.of(*kinds)

    def all_of_cell(self, cell: CellVerdict) -> list[Event]:
        """The events of one cell under its probe, in order of time."""
        return self.index.by_cell.get(self._asked(cell).service, [])

    def of_cell(self, cell: CellVerdict, *kinds: type[K]) -> list[Event[K]]:
        """The events of one cell under its probe that are of these kinds, in order of time."""
        history = self.history(cell)
        return history.of(*kinds) if history else only(self.all_of_cell(cell), *kinds)

    def of_connection(self, connection: Connection, *kinds: type[K]) -> list[Event[K]]:
        """The events of one connection that are of these kinds, whoever observed them, in order of time."""
        found = self.index.by_address.get(connection.conn, [])
        own = [life for life in found if life[0].t <= connection.opened] or found
        return only(own[-1], *kinds) if own else []

    @cached_property
    def _histories(self) -> dict[str, CellHistory]:
        if not self.events or not isinstance(self.events[0].data, RunStart):
            return {}
        return {cell.asked.service: cell for cell in sort(self.events).cells}

    def history(self, cell: CellVerdict) -> CellHistory | None:
        """All that was observed of one cell under its probe; None where the record does not tell what was asked."""
        return self._histories.get(self._asked(cell).service)

    def cell(self, name: str, probe: str = "") -> CellVerdict | None:
        """The first verdict on the cell of that name, under that probe if one is named."""
        return next((c for c in self.verdict.cells if c.cell == name and probe in ("", c.probe)), None)

    def under_each(self, name: str) -> list[CellVerdict]:
        """The verdicts on the cell of that name, one under each probe that it was played under."""
        return [cell for cell in self.verdict.cells if cell.cell == name]

    @cached_property
    def _asked_under(self) -> dict[tuple[str, str], list[AskedCell]]:
        """Cell and probe -> what was asked for, once for each copy of the cell."""
        found: dict[tuple[str, str], list[AskedCell]] = {}
        for asked in self.asked.cells:
            found.setdefault((asked.name, asked.probe or self.asked.probe), []).append(asked)
        return found

    def _asked(self, cell: CellVerdict) -> AskedCell:
        known = self._asked_under.get((cell.cell, cell.probe), [])
        copy = (asked for asked in known if cell.subject in (None, asked.subject))
        return next(copy, known[0] if known else AskedCell(name=cell.cell))

    def interventions(self, cell: CellVerdict) -> list[Intervention]:
        """What was done to the cell by its probe, and meanwhile to what all cells share."""
        asked = self._asked(cell)
        return concern(asked.service, asked.act, self._interventions)

    @cached_property
    def _interventions(self) -> list[Done]:
        return interventions(self.events)

    def meanwhile(self, cell: CellVerdict) -> str:
        """What was done to a cell in the idle period, as the record has it."""
        of_probe = (probe.meanwhile for probe in self.asked.probes if probe.name == cell.probe)
        of_phase = (phase.data.meanwhile for phase in self._phases(self._asked(cell).act) if phase.data.phase == "idle")
        return next(of_probe, None) or next(of_phase, NOTHING)

    def idle_of(self, cell: CellVerdict) -> tuple[float, float] | None:
        """When a cell began to idle and was asked again, or was to be (epoch seconds), as far as the record tells."""
        return self._idle({self._asked(cell).service})

    @property
    def idles(self) -> list[tuple[float, float]]:
        """For each act, when the first cell began to idle and the last one was asked again."""
        acts: dict[int, set[str]] = {}
        for asked in self.asked.cells:
            acts.setdefault(asked.act, set()).add(asked.service)
        return [idle for names in acts.values() if (idle := self._idle(names)) is not None]

    def _phases(self, act: int) -> list[Event[RunPhase]]:
        """The phases of an act, and those of the run as a whole."""
        return [event for event in self.of_kind(RunPhase) if event.data.act in (None, act)]

    def _idle(self, names: Collection[str]) -> tuple[float, float] | None:
        """From the first of these cells' beginning to idle to the last one's being asked again."""
        states = [event for event in self.of_kind(CellState) if event.cell in names]
        began = [event.t for event in states if event.data.state == "opened"]
        asked = [event.t for event in states if event.data.state == "asking"]
        return (min(began), max(asked, default=self.events[-1].t)) if began else None
