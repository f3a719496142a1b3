"""Where a probe is played: the started cells, and the means to open and ask them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, NoCellLeftError
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import AppFacts, CellState
from heartbed.stage.client import Client, Phase
from heartbed.stage.start import Start, pauses
from heartbed.testbed.testbed import Testbed

T = TypeVar("T")

OPENERS = 8
"""Cells that are opened, or asked, side by side."""

REACH_DEADLINE_S = 10.0
"""How long all of a cell's processes are asked for before one counts as out of reach."""


@dataclass
class OpenedCell:
    """A cell whose connections are open. ``idle_from`` is epoch seconds."""

    cell: Cell
    client: Client
    pids: set[int] = field(default_factory=set)
    idle_from: float = 0.0


@dataclass
class Stage:
    """What a probe works with. ``request_stacks`` takes cell, pid and the occasion."""

    bed: Testbed
    cells: Sequence[Cell]
    settings: Settings
    bus: Bus
    stop: threading.Event
    started: Callable[[str], None]
    request_stacks: Callable[[str, int, str], None]
    optional: frozenset[str] = frozenset()
    """Cells that are left out where they do not start: the others are played all the same."""
    opened: list[OpenedCell] = field(default_factory=list)
    timers: list[threading.Timer] = field(default_factory=list)

    def state(self, cell: Cell, state: str, **more: Any) -> None:
        """Record that a cell has reached a state; ``more`` are fields of ``CellState``."""
        self.bus.emit(Event(CellState(state=state, **more), cell=cell.name))

    def start_all(self) -> None:
        """Start the cells, as many at a time as there are cores, and import their applications."""
        self.opened = [OpenedCell(cell, self._client(cell)) for cell in self.cells]
        self._each_cell(self._start, self.settings.cores)

    def open_all(self, then: Callable[[OpenedCell], None] = lambda _: None) -> None:
        """Open the connections of every cell and measure what requests cost before idling.

        ``then`` is called with each cell as soon as its idle time has begun.
        """

        def open_one(opened: OpenedCell) -> None:
            self._open(opened)
            then(opened)

        # A call waits rather than works: oslo.messaging looks for its reply twice a second.
        self._each_cell(open_one, OPENERS)

    def _each_cell(self, work: Callable[[OpenedCell], None], workers: int) -> None:
        """Do ``work`` on every cell; one that fails and may be left out is, unless no other is left."""
        errors: dict[str, CellFailedError] = {}

        def try_one(opened: OpenedCell) -> None:
            try:
                work(opened)
            except CellFailedError as error:
                if error.cell not in self.optional:
                    raise
                self.state(opened.cell, "left_out", reason=error.reason)
                errors[error.cell] = error

        self.each(self.opened, try_one, workers)
        self.opened = [opened for opened in self.opened if opened.cell.name not in errors]
        if errors and not self.opened:
            raise NoCellLeftError([*errors.values()])

    def each(self, items: Iterable[T], work: Callable[[T], None], workers: int) -> None:
        """Do ``work`` on every item, ``workers`` at a time; the first error ends it and is raised."""
        pool = ThreadPoolExecutor(max_workers=workers)
        try:
            futures: list[Future[None]] = [pool.submit(work, item) for item in items]
            pending = set(futures)
            while pending:
                done, pending = wait(pending, timeout=0.25, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                self.bus.check()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _client(self, cell: Cell) -> Client:
        def base() -> str:
            return self.bed.url(cell.name) + cell.url_path

        look_in_s = self._middle_of(cell) if self.settings.stacks else None
        return Client(cell.name, base, self.bus.emit, self.settings.rpc_timeout_s, look_in_s, cell.requests)

    def _middle_of(self, cell: Cell) -> float:
        """How long after its idle time has begun a cell is looked at, seconds."""
        return self.settings.idle_of(cell) / 2

    def _start(self, opened: OpenedCell) -> None:
        self.state(opened.cell, "starting")
        self.bed.start(opened.cell.name)
        self.started(opened.cell.name)
        self._starting(opened).wait()
        if not self.stop.is_set():
            self._import_everywhere(opened)
            self.state(opened.cell, "ready")

    def _starting(self, opened: OpenedCell) -> Start:
        return Start(opened.cell, opened.client, self.bed, self.stop, self.state)

    def _import_everywhere(self, opened: OpenedCell) -> None:
        """Let every process import the application now, so that no opening request waits for an import."""
        count = opened.cell.process_count
        if count > 1:
            self._until_reached(lambda: opened.client.wake().pid, range(count), lambda reached: len(reached) >= count)

    def _open(self, opened: OpenedCell) -> None:
        cell, client = opened.cell, opened.client
        pid, facts = client.facts()
        if not facts:
            raise self._starting(opened).failed("it does not say what it is")
        self.bus.emit(Event(AppFacts.model_validate(facts), cell=cell.name, pid=pid))
        opened.pids = self.reach(opened, "open", range(cell.process_count))
        if cell.wants_broker:
            # Only now has it made its transport: what its libraries are set to can be told.
            pid, facts = client.facts()
            self.bus.emit(Event(AppFacts.model_validate(facts), cell=cell.name, pid=pid))
        for _ in range(self.settings.calls_before):
            if self.stop.is_set() or client.call("before")[1] != 200:
                break
        opened.idle_from = time.time()
        self.state(cell, "opened", pids=sorted(opened.pids))
        self._look_in_the_middle(opened)

    def _look_in_the_middle(self, opened: OpenedCell) -> None:
        """Have each process looked at in the middle of the cell's own idle time."""

        def look() -> None:
            for pid in sorted(opened.pids):
                self.request_stacks(opened.cell.name, pid, "mid-idle")

        timer = threading.Timer(self._middle_of(opened.cell), look)
        timer.daemon = True
        timer.start()
        self.timers.append(timer)

    def close(self) -> None:
        """Give up what is still waited for."""
        self.stop.set()
        for timer in self.timers:
            timer.cancel()

    def reach(self, opened: OpenedCell, phase: Phase, wanted: Sequence[int]) -> set[int]:
        """Cast and call in as many processes as are wanted, and return those that were reached.

        Before idling any ``len(wanted)`` processes will do; after it, the
        processes in ``wanted`` themselves. With one process, one cast and one
        call are made. With several, they are sent side by side, so that a
        busy process passes the next one on, until all were reached.
        """
        exercise = opened.client.call if phase == "after" else _cast_then_call(opened.client)
        return self._until_reached(
            lambda: exercise(phase)[0],
            wanted,
            lambda reached: len(reached) >= len(wanted) if phase == "open" else set(wanted) <= reached,
        )

    def _until_reached(
        self, request: Callable[[], int | None], wanted: Sequence[int], enough: Callable[[set[int]], bool]
    ) -> set[int]:
        """Send ``request`` side by side, one for each process, again and again until enough processes have answered."""
        reached: set[int] = set()
        side_by_side = range(max(1, len(wanted)))  # where no process is known, one request may still find one
        deadline = time.monotonic() + REACH_DEADLINE_S
        for pause in pauses(self.stop):
            with ThreadPoolExecutor(max_workers=len(side_by_side)) as pool:
                answers = [answer.result() for answer in [pool.submit(request) for _ in side_by_side]]
            new = {pid for pid in answers if pid is not None} - reached
            reached |= new
            # A request that is not answered at all has found the process that hangs: asking on would only wait again.
            hangs = None in answers and bool(reached)
            if enough(reached) or hangs or time.monotonic() > deadline:
                break
            if not new:
                pause()
        return reached


def _cast_then_call(client: Client) -> Callable[[Phase], tuple[int | None, int | None]]:
    def exercise(phase: Phase) -> tuple[int | None, int | None]:
        first, _ = client.cast(phase)
        second, status = client.call(phase)
        # A call that hangs tells no process, but the cast before it did, and opened a connection there.
        return first if second is None else second, status

    return exercise
