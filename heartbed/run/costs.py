"""What runs take here, in time and memory: learned from each, kept beside all of them, and told before the next."""

from __future__ import annotations

import contextlib
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from heartbed.cells.cell import Cell
from heartbed.cells.settings import window_s
from heartbed.errors import InputError, TestbedError
from heartbed.files import read_octets, save
from heartbed.record.event import Event
from heartbed.record.kinds import (
    REMOVED,
    AskedCell,
    CellState,
    ProcessGone,
    ProcessUsage,
    RunEnd,
    RunPhase,
    RunStart,
)

SCHEMA = 1
FILE = Path("results", "costs.json")
LARGEST = 2**20

STARTING = "starting"

KEPT = 30
"""Acts and runs that are remembered: the machine of long ago is not that of today."""

MIB = 2**20
CONTAINER_OCTETS = 12 * MIB
"""What each container takes beside its processes: the engine's part of it, measured 7 MiB."""

RUN_OCTETS = 450 * MIB
"""What a run takes whatever its cells are: broker, observer, RPC server, controls, heartbed itself; measured 420."""

PROCESS_OCTETS = 40 * MIB
"""What a process with an application in it takes, with its part of the server's others, where none was measured."""

REAL_OCTETS = 170 * MIB
"""The same of a process with a service of OpenStack's in it: of nova-api 147 to 167 MiB were measured."""

MORE_ALIVE = 1.5
"""So many times as many cells may run at a time where there are more of them than were ever played."""

FIXED_S, ACT_S, CELL_CORE_S = 10.0, 4.0, 2.0
"""Where nothing was measured: what a run takes before its cells and after them, what an act takes, and a cell on one
core. Measured on two cores."""


class Took(BaseModel):
    """What an act took beyond its window: all ``cells`` were played, copies too, and ``alive`` of them at a time."""

    probes: str
    cells: int
    beyond_s: float
    cores: int
    alive: int


class Extent(NamedTuple):
    """How much an act is that will be played: its probes, number of cells, and how long each is left alone, seconds."""

    probes: str
    cells: int
    window_s: float


class Costs(BaseModel):
    """What is known: of the newest runs, what each took beside its acts; their acts; memory by application."""

    number: int = SCHEMA
    fixed_s: list[float] = []
    acts: list[Took] = []
    process_octets: dict[str, int] = {}

    def seconds(self, acts: Iterable[Extent], cores: int) -> tuple[float, bool]:
        """What a run will take from its first container on, and whether all of that was measured here."""
        parts = [(act.window_s, *self._beyond(act, cores)) for act in acts]
        fixed_s = statistics.median(self.fixed_s or [FIXED_S])
        known = bool(self.fixed_s) and all(measured for _, _, measured in parts)
        return fixed_s + sum(window_s + beyond_s for window_s, beyond_s, _ in parts), known

    def _alike(self, act: Extent, cores: int) -> list[Took]:
        return [each for each in self.acts if each.cells and (each.probes, each.cores) == (act.probes, cores)]

    def _beyond(self, act: Extent, cores: int) -> tuple[float, bool]:
        """By a line through what such acts took, or in proportion to the one number of cells that there was."""
        took = self._alike(act, cores)
        if not took:
            return ACT_S + act.cells * CELL_CORE_S / cores, False
        numbers, seconds = [each.cells for each in took], [each.beyond_s for each in took]
        if len(set(numbers)) > 1:
            slope, start = statistics.linear_regression(numbers, seconds)
            if slope > 0:
                return max(start + slope * act.cells, min(seconds) if act.cells >= min(numbers) else 0.0), True
        mean_s, mean = statistics.mean(seconds), statistics.mean(numbers)
        # A few cells tell little of what one more takes.
        each_s = (mean_s - ACT_S) / mean if mean_s > 2 * ACT_S else CELL_CORE_S / cores
        return max(0.0, mean_s + each_s * (act.cells - mean)), True

    def alive(self, act: Extent, cores: int) -> int:
        """How many of an act's cells will run at a time, at the most."""
        some = [each for each in self._alike(act, cores) if 0 < each.alive < each.cells]
        if not some:
            return act.cells
        more = MORE_ALIVE if act.cells > max(each.cells for each in some) else 1.0
        return min(act.cells, int(more * max(each.alive for each in some)))

    def octets(self, cell: Cell) -> int:
        """What a cell will take in memory, with its container."""
        process = self.process_octets.get(cell.app) or (REAL_OCTETS if cell.layer else PROCESS_OCTETS)
        return CONTAINER_OCTETS + process * cell.process_count


def load(runs: Path) -> Costs:
    """What is kept in a folder of runs; nothing where that cannot be read, or is of another heartbed's making."""
    with contextlib.suppress(InputError, ValidationError):
        found = Costs.model_validate_json(read_octets(runs / FILE, LARGEST))
        if found.number == SCHEMA:
            return found
    return Costs()


class Learner:
    """Hears the events of a run, and keeps what it took once it is over."""

    def __init__(self) -> None:
        self._start: Event | None = None
        self._end: Event | None = None
        self._phases: list[tuple[float, RunPhase]] = []
        self._living: dict[str, dict[int, int]] = {}
        self._held: Counter[str] = Counter()
        self._act_of: dict[str, int] = {}
        self._running: dict[int, set[str]] = {}
        self._alive: Counter[int] = Counter()

    def __call__(self, event: Event) -> None:
        """Take note of one event, from any thread."""
        match event.data:
            case RunStart() as start:
                self._start = event
                self._act_of = {asked.service: asked.act for asked in start.cells if not asked.control}
            case CellState(state=state) if event.cell in self._act_of:
                self._note(self._act_of[event.cell], event.cell, state)
            case RunPhase() as phase:
                self._phases.append((event.t, phase))
            case RunEnd(status="complete"):
                self._end = event
            case ProcessUsage(pss_octets=int() as octets) if event.cell and event.pid:
                self._measured(event.cell, event.pid, octets)
            case ProcessGone() if event.cell and event.pid:
                self._living.get(event.cell, {}).pop(event.pid, None)

    def _note(self, act: int, cell: str, state: str) -> None:
        running = self._running.setdefault(act, set())
        if state == STARTING:
            running.add(cell)
        elif state == REMOVED:
            running.discard(cell)
        self._alive[act] = max(self._alive[act], len(running))

    def _measured(self, cell: str, pid: int, octets: int) -> None:
        """The most that a cell's living processes have held at a time: at its end it has none."""
        living = self._living.setdefault(cell, {})
        living[pid] = octets
        self._held[cell] = max(self._held[cell], sum(living.values()))

    def keep(self, runs: Path, cores: int) -> None:
        """Put it to what is known, where the run was complete. A folder that cannot be written to is left alone."""
        if self._start is None or self._end is None or not isinstance(self._start.data, RunStart):
            return
        start, known = self._start.data, load(runs)
        spans = _spans(self._phases)
        if not spans:
            return
        fixed_s = (self._end.t - self._start.t) - sum(until - since for since, until in spans.values())
        acts = [self._took(start, number, until - since, cores) for number, (since, until) in spans.items()]
        now = Costs(
            fixed_s=[*known.fixed_s, round(fixed_s, 2)][-KEPT:],
            acts=[*known.acts, *acts][-KEPT:],
            process_octets=known.process_octets | self._by_application(start.cells),
        )
        with contextlib.suppress(TestbedError):
            save(runs / FILE, now.model_dump_json(indent=1))

    def _by_application(self, cells: Sequence[AskedCell]) -> dict[str, int]:
        """All that a cell's processes held, for each of those with the application in it; the median of its cells."""
        found: dict[str, list[float]] = {}
        for asked in cells:
            if asked.service in self._held and (app := asked.factors.get("app")):
                found.setdefault(app, []).append(self._held[asked.service] / asked.processes)
        return {app: int(statistics.median(octets)) for app, octets in found.items()}

    def _took(self, start: RunStart, number: int, seconds: float, cores: int) -> Took:
        act = [asked for asked in start.cells if asked.act == number]
        cells = [asked for asked in act if not asked.control]
        alone_s = window_s((asked.heartbeat_s for asked in act), start.heartbeat_s, start.margin_s or 0.0)
        beyond_s = max(0.0, seconds - alone_s)
        names = ",".join(sorted({asked.probe or start.probe for asked in cells}))
        return Took(probes=names, cells=len(cells), beyond_s=round(beyond_s, 2), cores=cores, alive=self._alive[number])


def _spans(phases: Sequence[tuple[float, RunPhase]]) -> dict[int, tuple[float, float]]:
    """From when to when each act was played, epoch seconds."""
    opened = [(t, phase.act) for t, phase in phases if phase.phase == "opening" and phase.act is not None]
    over = [t for t, phase in phases if phase.phase == "dissecting"]
    ends = [t for t, _ in opened[1:]] + over
    return {act: (since, until) for (since, act), until in zip(opened, ends, strict=False)}
