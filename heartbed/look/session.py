"""One look from its first table to its end, put into a record like any run."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from heartbed import __version__
from heartbed.look.asked import Asked
from heartbed.look.broker_log import closes
from heartbed.look.budget import SHARE, Budget
from heartbed.look.management import RefusedError
from heartbed.look.programs import Programs, age_s
from heartbed.look.scope import scope
from heartbed.look.sockets import Sockets
from heartbed.look.stacks import stacks
from heartbed.look.turns import Turns
from heartbed.record import event as record
from heartbed.record import folder as runfolder
from heartbed.record.bus import Bus
from heartbed.record.event import Event, Writer
from heartbed.record.kinds import LookAsked, LookCost, ObserverFailed, RunEnd, RunStart
from heartbed.run.interrupt import Interruption, interruptible
from heartbed.run.provenance import discreet
from heartbed.verdict.look import LookVerdict, judge_look
from heartbed.wording import count

TICK_S = 1.0
DISCOVER_EVERY = 5
"""Ticks: to look for new connections costs more than to look at those that are known."""

PLAN_EVERY = 10
"""Ticks: to judge anew, so that the threads of whatever has become silent are looked at, costs most of all."""

TOO_MUCH = f"with more than were looked at, the look would take more than {SHARE:.0%} of a core"

NAME = "look"


class Session:
    """A look that goes on. Used as a context: its record is ended with it, whatever happens."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._scope = scope(asked)  # before a record is begun: what is asked for may be wrong
        self._events: list[Event] = []
        self._said: set[str] = set()
        self._programs = Programs()
        self._known: set[int] = set()
        self._without_python: set[int] = set()
        self._turns = Turns()
        self._looked_at = 0
        self._watching: tuple[float, float] | None = None
        self._first_s = 0.0

    @contextlib.contextmanager
    def recording(self) -> Iterator[Session]:
        """Begin the record, and end it. Raises ``TestbedError`` where it cannot be written."""
        runfolder.check(self.asked.runs)
        folder = runfolder.prepare(self.asked.runs)
        self.folder: Path = folder.path
        with interruptible() as interruption, Writer(folder.path) as writer:
            bus = Bus(writer)
            bus.listen(self._events.append)
            self._bus = bus
            self._begin(folder.name)
            folder.become_latest()
            self._sockets = Sockets(self.asked.ports, self._scope.wanted, bus.emit, self.failed)
            try:
                yield self
                self._end(interruption, "complete")
            except KeyboardInterrupt:
                self._end(interruption, "interrupted")
                raise
            finally:
                self._sockets.close()

    def _begin(self, name: str) -> None:
        host = {"hostname": platform.node(), "kernel": platform.release(), "cores": os.cpu_count()}
        self._bus.emit(
            Event(RunStart(run=name, heartbed=__version__, probe=NAME, host=host, argv=discreet(sys.argv[1:])))
        )
        asked = self.asked
        told = LookAsked(
            ports=list(asked.ports),
            for_s=asked.for_s,
            heartbeat_s=asked.heartbeat_s,
            scope=self._scope.words,
            stacks=asked.stacks,
            broker=asked.broker.url if asked.broker else None,
            root=os.geteuid() == 0,
        )
        self._bus.emit(Event(told))

    def _end(self, interruption: Interruption, status: str) -> None:
        interruption.hold()
        if self._watching is not None:
            began, cpu = self._watching
            watched_s, cpu_s = time.monotonic() - began, _cpu_s() - cpu
            cost = LookCost(
                first_s=round(self._first_s, 2),
                watched_s=round(watched_s, 2),
                cpu_s=round(cpu_s, 3),
                stacks=self._looked_at,
            )
            self._bus.emit(Event(cost))
        self._bus.emit(Event(RunEnd(status=status)))
        interruption.release()

    def failed(self, reason: str) -> None:
        """Tell what cannot be seen, once."""
        if reason not in self._said:
            self._said.add(reason)
            self._bus.emit(Event(ObserverFailed(observer=NAME, reason=reason)))

    def first(self) -> LookVerdict:
        """All processes and connections, and what can be said of them at once."""
        self._discover()
        self._sockets.tick()
        self._ask_broker()
        self._bus.check()
        verdict = judge_look(self._events)
        self._turns.plan(verdict)
        self._first_s = age_s(psutil.Process())
        return verdict

    def watch(self) -> None:
        """Look at them again and again until the time is over."""
        began = time.monotonic()
        self._watching = began, _cpu_s()
        ticks = int(self.asked.for_s / TICK_S)
        budget = Budget(self.asked.for_s, _cpu_s)
        pause = threading.Event()
        for number in range(1, ticks + 1):
            pause.wait(max(0.0, began + number * TICK_S - time.monotonic()))
            if number % DISCOVER_EVERY == 0:
                self._discover()
            if number % PLAN_EVERY == 0 and number < ticks:
                self._turns.plan(judge_look(self._events))
            self._sockets.tick()
            if self._turns.waiting and budget.allows(time.monotonic() - began):
                budget.spend(self._look_at_one)
            self._bus.check()
        if budget.refused and self._turns.waiting:
            self.failed(f"the threads of {count(self._turns.waiting, 'process', 'es')}: {TOO_MUCH}")
        self._ask_broker()

    def verdict(self) -> LookVerdict:
        """What the record says, once it has ended."""
        return judge_look(record.read(self.folder))

    def _discover(self) -> None:
        self._sockets.discover()
        for pid in self._sockets.pids:
            if pid not in self._known:
                self._known.add(pid)
                self._describe(pid)

    def _describe(self, pid: int) -> None:
        try:
            told = self._programs.describe(pid)
            self._bus.emit(Event(told, pid=pid))
            if told.python is None:
                self._without_python.add(pid)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            return  # its end is told by itself
        except (psutil.Error, OSError) as error:
            self.failed(f"what process {pid} is cannot be seen: {error}")

    def _look_at_one(self) -> None:
        """One process a tick, so that looking never takes much of a core."""
        if (pid := self._turns.next()) is not None:
            self._looked_at += 1
            seen = stacks(pid, spy=self.asked.stacks and pid not in self._without_python)
            self._bus.emit(seen)
            if seen.data.native_error:
                self.failed(f"the Python stacks of process {pid} could not be had: {seen.data.native_error}")

    def _ask_broker(self) -> None:
        if self.asked.broker is None:
            return
        try:
            told = self.asked.broker.connections()
        except RefusedError as error:
            self.failed(str(error))
            return
        known = {event.conn for event in self._events if event.conn is not None}
        for event in told:
            if event.conn in known:
                self._bus.emit(event)
        self._read_log(known)

    def _read_log(self, known: set[str]) -> None:
        """What the broker's log tells of closes, where it lies on this host."""
        if self.asked.broker is None or self._watching is None:  # at the beginning nothing has been closed yet
            return
        try:
            files = self.asked.broker.log_files()
        except RefusedError as error:
            self.failed(str(error))
            return
        for event in closes(files, known, self._events[0].t):
            self._bus.emit(event)


def _cpu_s() -> float:
    """Processor time of this process and of those that it has started and that have ended, seconds."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)
