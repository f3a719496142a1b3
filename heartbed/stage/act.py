"""An act: probes that are played at a time. Each cell goes its own way: started, opened, left alone, asked again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from heartbed.errors import CellFailedError, NoCellLeftError, RefusedError
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import REMOVED, CellState, RunPhase
from heartbed.stage.opened import OpenedCell
from heartbed.stage.part import Part
from heartbed.stage.room import Counted, Gathering, Room
from heartbed.stage.work import POLL_S, Urgent, Worker, each, undo

OPENERS = 24
"""Cells that are opened, or asked, side by side. A call waits rather than works: oslo.messaging looks for its reply
twice a second."""

CROWDS_A_CORE = 16
"""Likewise, where each is sent many requests at a time: cells of few threads. One that hangs has its place, too."""

THREADS_A_PLACE = 8
"""A cell that serves more requests at a time works for more of them at a time."""

CALL_EVERY_S = 2.0
"""How often a control calls the RPC server while cells are asked: it is there for them then, or it is not."""


@dataclass
class Act:
    """Probes that are played at a time. Acts follow one another; ``number`` counts from 1."""

    number: int
    parts: Sequence[Part]
    bus: Bus
    idling: Callable[[], None] = lambda: None
    """Is called when the last cell has been opened; returns at once."""
    remove: Callable[[Sequence[str]], None] = lambda _: None
    """Removes services that are of no use any more."""
    playing: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.parts[0].stage.settings
        self._stop, self._call = self.parts[0].stage.stop, self.parts[0].stage.call
        self._starters = Urgent(settings.cores, f"start-{self.number}")
        self._started: dict[str, Future[None]] = {}
        self._remover = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"remove-{self.number}")
        self._removed: list[Future[None]] = []
        self._one_by_one, self._crowds = Room(OPENERS), Room(settings.cores * CROWDS_A_CORE)
        self._all_opened, self._all_idled = Gathering(len(self.cells)), Gathering(len(self.cells))
        self._firsts = {_same(*one): threading.Event() for one in self.cells}
        self._asking = Counted()

    @property
    def cells(self) -> list[tuple[Part, OpenedCell]]:
        """Every cell of the act, with the probe that it is under."""
        return [(part, opened) for part in self.parts for opened in part.stage.opened]

    @property
    def services(self) -> list[str]:
        """The services of all its cells, also of those that were left out."""
        return [subject.name for part in self.parts for subject in part.stage.subjects]

    def phase(self, name: str, **more: Any) -> None:
        """Record that the act has entered a phase; ``more`` are fields of ``RunPhase``."""
        self.bus.emit(Event(RunPhase(phase=name, act=self.number, **more)))

    def start(self) -> None:
        """Begin to start the cells and to import their applications, as many at a time as there are cores.

        Returns at once; once is enough. Those first that take longest afterwards. Copies of a cell come when it has
        been opened: where it shows what there is to see, they are not started.
        """
        for part, opened in sorted(self.cells, key=_longest_first):
            if opened.subject.attempt == 1:
                self._start(part, opened)

    def sparing(self) -> AbstractContextManager[None]:
        """Leave a core to something else while the block takes, where there is another: fewer cells are started."""
        return self._starters.sparing(self.parts[0].stage.settings.cores > 1)

    def _start(self, part: Part, opened: OpenedCell) -> Future[None]:
        if opened.name not in self._started:
            # Behind all that is to be started yet, copies would come when nothing else is left to do.
            work, urgent = partial(part.stage.start, opened), opened.subject.attempt > 1
            self._started[opened.name] = self._starters.submit(work, urgent=urgent)
        return self._started[opened.name]

    def play(self) -> None:
        """Everything that the probes do, on cells that are started already, or are now.

        Nothing else here talks to an application between a cell's opening and its being asked again; stacks are taken
        from outside in the middle of each cell's idle time.
        """
        for part in self.parts:
            part.probe.set_up(part.stage)
        self._call()
        self.phase("opening")
        with self._calling():
            each(self.bus, self.cells, self._go, workers=len(self.cells))
        for removed in self._removed:
            removed.result()
        errors = [error for part in self.parts for error in part.errors]
        if errors and not self.cells:
            raise NoCellLeftError(errors)

    def _go(self, one: tuple[Part, OpenedCell]) -> None:
        """A cell's own way; one that fails and may be left out is."""
        part, opened = one
        came = False
        with ExitStack() as place:
            try:
                came = self._open(part, opened, place)
            except CellFailedError as error:
                if error.cell not in part.stage.optional:
                    raise
                part.errors.append(error)
                part.leave_out(opened, error.reason)
            self._has_come(part)
            if came:
                self._leave_alone(part, opened)
            if self._stop.is_set():
                return
            if self._all_idled.come():
                self.phase("asking")
            if came:
                with self._asking, self._room(part, opened):
                    opened.end_work()
                    part.probe.ask(part.stage, opened)
        self._leave(part, opened)

    def _leave(self, part: Part, opened: OpenedCell) -> None:
        """Have go what is not needed any more: a machine with few containers on it starts others sooner."""
        if not (names := part.leave(opened)) or self._stop.is_set():
            return
        if part.probe.plays:
            undo(part.undo())
        for name in names:
            self.bus.emit(Event(CellState(state=REMOVED), cell=name))
        self._removed.append(self._remover.submit(self.remove, names))

    def _open(self, part: Part, opened: OpenedCell, place: ExitStack) -> bool:
        """Start a cell and open its connections, in its ``place``; false where a copy of it has shown enough."""
        is_first = opened.subject.attempt == 1
        first = self._firsts[_same(part, opened)]
        try:
            if not is_first:
                _wait_for(first, self._stop)
            if is_first or part.probe.again(part.stage, opened):
                self._start(part, opened).result()
            place.enter_context(part.places.of())
            with self._room(part, opened):
                # Meanwhile another copy may have shown it.
                if is_first or part.probe.again(part.stage, opened):
                    part.probe.open(part.stage, opened)
                    part.probe.begin(part.stage, opened)
                    return True
        finally:
            if is_first:
                first.set()
        part.leave_out(opened, "a copy of it has shown what there is to see")
        return False

    def _room(self, part: Part, opened: OpenedCell) -> AbstractContextManager[None]:
        """A place among those that are asked for one thing after another, or among those with a crowd."""
        if not part.probe.crowds:
            return self._one_by_one.of()
        return self._crowds.of(1 + opened.cell.process_count * opened.cell.thread_count // THREADS_A_PLACE)

    def _has_come(self, part: Part) -> None:
        """A cell is open, or was left out: with the last of them the window begins."""
        if (playing := part.come()) is not None:
            self.playing.append(playing)
        if self._all_opened.come() and self.cells:
            self.phase("idle", until=max(part.ends_at for part in self.parts), meanwhile=self._meanwhile())
            self.idling()

    def _leave_alone(self, part: Part, opened: OpenedCell) -> None:
        """Wait until the cell has idled, and its probe has done to it what it does."""
        _wait_for(part.played, self._stop)
        until = part.stage.idles_until(opened)
        while not self._stop.is_set() and (left := until - time.time()) > 0:
            self._stop.wait(left)
        # What is refused is in the record, and leaves the cell without a verdict.
        with suppress(RefusedError):
            part.probe.stay(part.stage, opened)

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Have a control call as long as cells are asked, and once when all have been."""
        caller = self.parts[0].stage.worker("call", self._call_again)
        yield
        caller.end()
        self._call()

    def _call_again(self, worker: Worker) -> None:
        while worker.wait(CALL_EVERY_S):
            if self._asking.some:
                self._call()

    def _meanwhile(self) -> str:
        """What is done in the window, by which probe where there are several."""
        if len(self.parts) == 1:
            return self.parts[0].meanwhile
        return "; ".join(f"{part.stage.probe}: {part.meanwhile}" for part in self.parts)

    def undo(self) -> None:
        """Undo what the probes have done, the last first. May be called at any time, also twice.

        Raises ``TestbedError`` for what could not be undone.
        """
        steps: list[Callable[[], object]] = [worker.end for worker in self.playing]
        undo([*steps, *(step for part in reversed(self.parts) for step in part.undo())])

    def close(self) -> None:
        """Wait until nothing is being started or removed any more; what was to be is not."""
        self._starters.close()
        self._remover.shutdown(cancel_futures=True)

    def touches(self, service: str) -> bool:
        """Whether a probe is doing something to a service at this moment."""
        return any(part.stage.hand.touches(service) for part in self.parts)


def _longest_first(one: tuple[Part, OpenedCell]) -> tuple[bool, bool, str, int]:
    """Those with a crowd, whose copies come after them; those that go on after idling, one probe's after another's.

    Of each probe's those of many threads first, which are the likeliest to hang.
    """
    part, opened = one
    return not part.probe.crowds, not part.probe.goes_on, part.stage.probe, -opened.cell.thread_count


def _same(part: Part, opened: OpenedCell) -> tuple[str, str]:
    """What a cell has in common with its copies."""
    return part.stage.probe, opened.cell.name


def _wait_for(event: threading.Event, stop: threading.Event) -> None:
    """Wait until it is set, or until the run ends."""
    while not event.wait(POLL_S) and not stop.is_set():
        pass
