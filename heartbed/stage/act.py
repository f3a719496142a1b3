"""An act: probes that share one window. Every cell is opened, one period passes for all, each is asked again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from heartbed.errors import CellFailedError, NoCellLeftError, TestbedError
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import RunPhase
from heartbed.stage.probe import Probe
from heartbed.stage.stage import OpenedCell, Stage
from heartbed.stage.work import POLL_S, Worker, attempt, each

OPENERS = 24
"""Cells that are opened, or asked, side by side."""

CROWDS_A_CORE = 3
"""Likewise, where each is sent many requests at a time: they work for those more than they wait."""


@dataclass(frozen=True)
class Part:
    """A probe, and the stage that has its cells."""

    probe: Probe
    stage: Stage

    @property
    def meanwhile(self) -> str:
        """What the probe does to its cells in the window, in words."""
        return self.probe.in_words(self.stage.parameters)


@dataclass(frozen=True)
class Act:
    """The probes that share a window. Acts follow one another; ``number`` counts from 1."""

    number: int
    parts: Sequence[Part]
    bus: Bus
    call: Callable[[], None] = lambda: None
    """Has a control call the RPC server, and returns when that is in the record."""
    idling: Callable[[], None] = lambda: None
    """Is called when the window has begun; returns at once."""
    playing: list[Worker] = field(default_factory=list)

    @property
    def cells(self) -> list[tuple[Part, OpenedCell]]:
        """Every cell of the act, with the probe that it is under."""
        return [(part, opened) for part in self.parts for opened in part.stage.opened]

    @property
    def copies(self) -> list[tuple[Part, OpenedCell]]:
        """Those of its cells that are played only where one play of them leaves something to chance."""
        return [(part, opened) for part, opened in self.cells if opened.subject.attempt > 1]

    @property
    def services(self) -> list[str]:
        """The services of all its cells, also of those that were left out."""
        return [subject.name for part in self.parts for subject in part.stage.subjects]

    def phase(self, name: str, **more: Any) -> None:
        """Record that the act has entered a phase; ``more`` are fields of ``RunPhase``."""
        self.bus.emit(Event(RunPhase(phase=name, act=self.number, **more)))

    def start(self) -> None:
        """Start the cells, as many at a time as there are cores, and import their applications; no copies yet."""
        copies = self.copies
        first = [one for one in self.cells if one not in copies]
        self._each(first, lambda part, opened: part.stage.start(opened), self.parts[0].stage.settings.cores)

    def _open(self) -> None:
        """Open every cell, and then the copies of those that leave something to chance.

        One thing at a time: where many requests are sent at once, or processes start, others would wait for their
        answers longer than their RPC may take, and that would be held against them.
        """
        # What shares most is the likeliest to hang at once: its copies, which may then be spared, are started last.
        copies = sorted(self.copies, key=lambda one: one[1].cell.thread_count)
        self._quiet_first([one for one in self.cells if one not in copies], _open)
        self._each(copies, _start_copy, self.parts[0].stage.settings.cores)
        self._leave_out([one for one in copies if not _is_wanted(*one)])
        self._quiet_first(self.copies, _open)

    def _quiet_first(self, cells: Sequence[tuple[Part, OpenedCell]], work: Callable[[Part, OpenedCell], None]) -> None:
        """Do ``work`` on the cells that are asked for one thing after another, and then on those with a crowd.

        A call waits rather than works: oslo.messaging looks for its reply twice a second.
        """
        crowds = self.parts[0].stage.settings.cores * CROWDS_A_CORE
        for crowded, workers in ((False, OPENERS), (True, crowds)):
            self._each([one for one in cells if one[0].probe.crowds is crowded], work, workers)

    def _leave_out(self, copies: Sequence[tuple[Part, OpenedCell]]) -> None:
        """Leave copies out that would tell no more."""
        for part, opened in copies:
            if opened in part.stage.opened:
                part.stage.state(opened, "left_out", reason="a copy of it has shown what there is to see")
                part.stage.opened = [each for each in part.stage.opened if each is not opened]

    def _each(
        self, cells: Sequence[tuple[Part, OpenedCell]], work: Callable[[Part, OpenedCell], None], workers: int
    ) -> None:
        """Do ``work`` on these cells; one that fails and may be left out is, unless no other is left."""
        errors: dict[str, CellFailedError] = {}

        def try_one(one: tuple[Part, OpenedCell]) -> None:
            part, opened = one
            try:
                work(part, opened)
            except CellFailedError as error:
                if error.cell not in part.stage.optional:
                    raise
                part.stage.state(opened, "left_out", reason=error.reason)
                errors[opened.name] = error

        each(self.bus, cells, try_one, workers)
        for part in self.parts:
            part.stage.opened = [opened for opened in part.stage.opened if opened.name not in errors]
        if errors and not self.cells:
            raise NoCellLeftError([*errors.values()])

    def play(self) -> None:
        """Everything that the probes do, in one window.

        Nothing else here talks to an application between a cell's opening and
        its being asked again; stacks are taken from outside in the middle of
        each cell's idle time.
        """
        for part in self.parts:
            part.probe.set_up(part.stage)
        self.call()
        self.phase("opening")
        self._open()
        idle = max(opened.idle_from + part.stage.settings.idle_of(opened.cell) for part, opened in self.cells)
        until = idle + max(part.probe.goes_on_s(part.stage) for part in self.parts)
        self.phase("idle", until=until, meanwhile=self._meanwhile())
        self.idling()
        self.playing.extend(_playing(part) for part in self.parts)
        self._wait(until)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="call") as pool:
            called = pool.submit(self.call)
            self.phase("asking")
            self._quiet_first(self.cells, _ask)
            called.result()

    def _meanwhile(self) -> str:
        """What is done in the window, by which probe where there are several."""
        if len(self.parts) == 1:
            return self.parts[0].meanwhile
        return "; ".join(f"{part.stage.probe}: {part.meanwhile}" for part in self.parts)

    def _wait(self, moment: float) -> None:
        """Wait until ``moment`` (epoch seconds) and until every probe has played, looking whether the run goes on."""
        stop = self.parts[0].stage.stop
        while not stop.is_set() and (time.time() < moment or any(worker.going for worker in self.playing)):
            stop.wait(min(POLL_S, max(0.01, moment - time.time())))
            self.bus.check()

    def undo(self) -> None:
        """Undo what the probes have done, the last first. May be called at any time, also twice.

        Raises ``TestbedError`` for what could not be undone.
        """
        steps: list[Callable[[], object]] = [worker.end for worker in self.playing]
        for part in reversed(self.parts):
            steps += [part.stage.close, part.stage.hand.undo, partial(part.probe.undo, part.stage)]
        failed = [error for step in steps if (error := attempt("undoing what a probe did", step)) is not None]
        if len(failed) > 1:
            raise TestbedError("what probes did could not be undone", log=[error.message for error in failed])
        if failed:
            raise failed[0]

    def touches(self, service: str) -> bool:
        """Whether a probe is doing something to a service at this moment."""
        return any(part.stage.hand.touches(service) for part in self.parts)


def _playing(part: Part) -> Worker:
    return part.stage.worker(part.probe.name, lambda _: part.probe.play(part.stage))


def _is_wanted(part: Part, opened: OpenedCell) -> bool:
    return part.probe.again(part.stage, opened)


def _start_copy(part: Part, opened: OpenedCell) -> None:
    """Start a copy of a cell, unless it would tell no more."""
    if _is_wanted(part, opened):
        part.stage.start(opened)


def _open(part: Part, opened: OpenedCell) -> None:
    part.probe.open(part.stage, opened)
    part.probe.begin(part.stage, opened)


def _ask(part: Part, opened: OpenedCell) -> None:
    opened.end_work()
    part.probe.ask(part.stage, opened)
