"""Where a probe is played: the started cells, and the means to open and ask them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.cells.subject import DEFAULT_PROBE, Subject
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import AppFacts, CellState, ConnectionClosed, ConnectionCreated
from heartbed.stage.client import GRACE_S, Client, Phase, answered, cast_then_call
from heartbed.stage.hand import Hand
from heartbed.stage.opened import OpenedCell
from heartbed.stage.reach import Answer, until_reached
from heartbed.stage.start import Start
from heartbed.stage.stillness import Stillness, by_the_clock
from heartbed.stage.work import Worker, steadily
from heartbed.testbed.testbed import Testbed


@dataclass
class Stage:
    """What a probe works with: its own cells, and what can be done to them.

    ``parameters`` are all of the probe's; what is done to containers and networks is done by ``hand``;
    ``request_stacks`` takes a subject's name, a pid and the occasion, ``measure`` a name, and every how many seconds.
    """

    bed: Testbed
    subjects: Sequence[Subject]
    settings: Settings
    bus: Bus
    stop: threading.Event
    started: Callable[[str], None]
    request_stacks: Callable[[str, int, str], None]
    measure: Callable[[str, float], None] = lambda *_: None
    call: Callable[[], bool] = lambda: True
    """Has a control call the RPC server; whether that was answered, which is in the record then."""
    optional: frozenset[str] = frozenset()
    """Cells that are left out where they do not start: the others are played all the same."""
    probe: str = DEFAULT_PROBE
    act: int = 1
    parameters: Mapping[str, float] = field(default_factory=dict)
    looks: bool = True
    """Whether its cells are looked at in the middle of their idle time."""
    reload: Callable[[Cell], str] = lambda _: ""
    """The signal, without ``SIG``, that has a cell's server replace its processes; empty where there is none."""
    hand: Hand = field(init=False)
    opened: list[OpenedCell] = field(default_factory=list)
    timers: list[threading.Timer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hand = Hand(self.probe, self.act, self.bed, self.bus)
        self._stillness = Stillness(self.bus)
        self.opened = self.opened or [OpenedCell(subject, self._client(subject)) for subject in self.subjects]

    def state(self, opened: OpenedCell, state: str, **more: Any) -> None:
        """Record that a cell has reached a state; ``more`` are fields of ``CellState``."""
        self.bus.emit(Event(CellState(state=state, **more), cell=opened.name))

    def steadily(self, opened: OpenedCell, ask: Callable[[], object], every_s: float, first: float = 1.0) -> None:
        """Have something asked of a cell every so many seconds of its idle time, until it is asked again.

        ``first`` says after how many intervals the first is due.
        """
        work = steadily(ask, opened.idle_from + first * every_s, every_s)
        opened.workers.append(self.worker(opened.name, work))

    def beside(self, opened: OpenedCell, ask: Callable[[], object]) -> None:
        """Have a cell asked once in a thread of its own, which is waited for before it is asked again."""

        def work(_: Worker) -> None:
            ask()

        opened.workers.append(self.worker(opened.name, work))

    def worker(self, what: str, work: Callable[[Worker], None]) -> Worker:
        """Have something done in a thread of its own."""
        return Worker(what, work, self.bus, self.stop)

    def wait(self, seconds: float) -> bool:
        """Wait so long, in a probe's ``play``; whether to go on, which is false as soon as the run ends."""
        return not self.stop.wait(seconds)

    def _client(self, subject: Subject) -> Client:
        def base() -> str:
            return self.bed.url(subject.name) + subject.cell.url_path

        look_in_s = self.settings.middle_of(subject.cell) if self.settings.stacks and self.looks else None
        timeout_s = self.settings.rpc_timeout_s
        still_s = partial(self._stillness.since, subject.name)
        return Client(subject.name, base, self.bus.emit, timeout_s, look_in_s, subject.cell.requests, still_s)

    def start(self, opened: OpenedCell) -> None:
        """Start a cell and import its application. Raises ``CellFailedError``."""
        if self.stop.is_set():
            return
        self.state(opened, "starting")
        began = time.monotonic()
        self.bed.start(opened.name)
        self.started(opened.name)
        self._starting(opened).wait()
        if not self.stop.is_set():
            self._import_everywhere(opened)
            opened.start_s = time.monotonic() - began
            self.state(opened, "ready")

    def _starting(self, opened: OpenedCell) -> Start:
        return Start(opened.subject, opened.client, self.bed, self.stop, partial(self.state, opened))

    def _import_everywhere(self, opened: OpenedCell) -> None:
        """Let every process import the application now, so that no opening request waits for an import."""
        count = opened.cell.process_count

        def wake() -> Answer:
            woken = opened.client.wake()
            return woken.pid, woken.status

        if count > 1:
            until_reached(self.stop, wake, range(count), lambda reached: len(reached) >= count)

    def open(self, opened: OpenedCell) -> None:
        """Open the connections of a cell and measure what requests cost before idling. Raises ``CellFailedError``."""
        cell, client = opened.cell, opened.client
        self.learn(opened)
        opened.pids = self.reach(opened, "open", range(cell.process_count))
        if cell.wants_broker:
            # Only now has it made its transport: what its libraries are set to can be told.
            pid, facts = client.facts()
            self.bus.emit(Event(AppFacts.model_validate(facts), cell=opened.name, pid=pid))
        for _ in range(self.settings.calls_before):
            opened.ill = not answered(client.call("before")[1])
            if self.stop.is_set() or opened.ill:
                break
        self.leave_alone(opened)

    def learn(self, opened: OpenedCell) -> None:
        """Have a cell say what it is, which opens no connection. Raises ``CellFailedError``."""
        pid, facts = opened.client.facts()
        if self.stop.is_set():
            return
        if not facts:
            raise self._starting(opened).failed("it does not say what it is")
        opened.pids |= {pid} if pid else set()
        self.bus.emit(Event(AppFacts.model_validate(facts), cell=opened.name, pid=pid))

    def idles_until(self, opened: OpenedCell) -> float:
        """When a cell will have been left alone for as long as it must be, epoch seconds."""
        return opened.idle_from + self.settings.idle_of(opened.cell)

    def leave_alone(self, opened: OpenedCell) -> None:
        """Let a cell's idle time begin, in whose middle it is looked at."""
        opened.idle_from = time.time()
        self.state(opened, "opened", pids=sorted(opened.pids))
        if self.looks:
            self._look_in_the_middle(opened)

    def look(self, opened: OpenedCell, occasion: str) -> None:
        """Have each known process of a cell looked at, now: where none has answered, those that hold connections.

        The events follow.
        """
        for pid in sorted(opened.pids or {pid for pid in self.connections(opened).values() if pid is not None}):
            self.request_stacks(opened.name, pid, occasion)

    def connections(self, opened: OpenedCell) -> dict[str | None, int | None]:
        """Those of a cell's connections that RabbitMQ has at this moment, and the process of each."""
        there = {event.conn: event.pid for event in self.bus.seen(ConnectionCreated) if event.cell == opened.name}
        gone = {event.conn for event in self.bus.seen(ConnectionClosed)}
        return {conn: pid for conn, pid in there.items() if conn not in gone}

    def _look_in_the_middle(self, opened: OpenedCell) -> None:
        """Have each process looked at in the middle of the cell's own idle time."""
        timer = threading.Timer(self.settings.middle_of(opened.cell), self.look, (opened, "mid-idle"))
        timer.daemon = True
        timer.start()
        self.timers.append(timer)

    def ask(self, opened: OpenedCell) -> None:
        """Ask each process of a cell again for what needs RabbitMQ."""
        self.state(opened, "asking")
        self.reach(opened, "after", sorted(opened.pids))
        with self.looking_where_it_hangs(opened):
            opened.client.cast("after")
        self.state(opened, "done")

    @contextmanager
    def looking_where_it_hangs(self, opened: OpenedCell) -> Iterator[None]:
        """Have the cell's processes looked at while a request still waits that should have been answered.

        A look takes time from one that may only be late; one that hung before has it looked at by the clock.
        """
        late_s, look = self.settings.rpc_timeout_s + GRACE_S / 2, partial(self.look, opened, "hang")
        with by_the_clock(late_s, look) if opened.stuck else self._stillness.after(opened.name, late_s, look):
            yield

    def close(self) -> None:
        """Give up what is still waited for, and end what goes on beside."""
        for timer in self.timers:
            timer.cancel()
        for opened in self.opened:
            opened.end_work()

    def reach(self, opened: OpenedCell, phase: Phase, wanted: Sequence[int]) -> set[int]:
        """Cast and call in as many processes as are wanted, and return those that were reached.

        Before idling any ``len(wanted)`` processes will do; after it, the
        processes in ``wanted`` themselves. With one process, one cast and one
        call are made. With several, they are sent side by side, so that a
        busy process passes the next one on, until all were reached.
        """
        exercise = opened.client.call if phase == "after" else cast_then_call(opened.client)

        def ask() -> Answer:
            with self.looking_where_it_hangs(opened):
                return exercise(phase)

        return until_reached(
            self.stop,
            ask,
            wanted,
            lambda reached: len(reached) >= len(wanted) if phase == "open" else set(wanted) <= reached,
            None if phase == "open" else wanted,
        )
