"""Looks at processes: first what costs nothing and disturbs nobody, then native stacks, of few among many alike.

A process that was asked to, before it was left alone, has written a dump of
itself when the wish comes; it is only read. Any other is sent the signal for a
dump. That is all which a cause needs, and takes milliseconds. py-spy stops a
process, and takes half a second of a core for one: of processes that are alike
it looks at a few, while nobody asks them.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from heartbed.kernel.proc import read_status
from heartbed.kernel.threads import NotSeenError, signal_dumper, tasks_of
from heartbed_agent import process_events
from heartbed_agent.output import Output
from heartbed_agent.processes import Process, Processes

NATIVE_WORKERS = 2
"""More would take the cores from the cells that they look at."""
NATIVE_OF_ALIKE = 2
"""Native stacks of processes that are alike, on each occasion."""
NATIVE_DEADLINE_S = 15.0

DUMP_SIGNAL = signal.SIGUSR2
DUMP_DEADLINE_S = 4.0
POLL_S = 0.02
KINDS = ("process.switches", "process.stacks", "process.greenlets")


@dataclass(frozen=True)
class Request:
    """A wish to look at a process.

    ``at`` is the occasion; ``idle_from`` the moment (epoch seconds) from which on
    nobody asks the cell for anything, None before that; ``patience_s`` how long
    the dump that the process was asked for beforehand is waited for before it
    is sent the signal, which is at once where it is 0. Processes with the same ``like`` are alike. py-spy may have a
    process stopped for ``stop_s`` seconds.
    """

    cell: str
    pid: int
    at: str
    idle_from: float | None
    patience_s: float
    like: str
    stop_s: float

    def occasion(self, dump: Mapping[str, Any]) -> str:
        """What a dump of the process is of: what it was asked for beforehand is of the cell's idle time, or before."""
        if dump.get("on") != "alarm":
            return self.at
        return "mid-idle" if self.idle_from is not None and dump["t"] >= self.idle_from else "opening"


@dataclass
class Wait:
    """A wish whose dump is waited for. ``since`` is of the wall clock, the others of the monotonic one."""

    request: Request
    process: Process
    since: float
    signal_at: float
    deadline: float = float("inf")

    @property
    def waits(self) -> bool:
        """Whether there may be a dump for it already, or at last: not for an occasion that nobody could know of."""
        return self.request.patience_s > 0 or self.deadline < float("inf")

    @property
    def on(self) -> str:
        """What makes the process write the dump that meets the wish."""
        return "alarm" if self.deadline == float("inf") else "signal"


class Looks:
    """Takes wishes. One that cannot be met is answered with events that say why."""

    def __init__(self, processes: Processes, output: Output) -> None:
        self._processes, self._output = processes, output
        self._wishes: list[Request] = []
        self._native: list[tuple[Request, Process]] = []
        self._taken: Counter[tuple[str, str]] = Counter()
        self._read: dict[int, int] = {}  # process -> number of its newest dump that was read
        self._newest: dict[tuple[int, str], float] = {}  # process, and what made it write -> when it last did
        self._busy: set[int] = set()
        self._changed = threading.Condition()
        threading.Thread(target=self._collect, name="dumps", daemon=True).start()
        for number in range(NATIVE_WORKERS):
            threading.Thread(target=self._spy, name=f"native-{number}", daemon=True).start()

    def ask(self, request: Request) -> None:
        """Look as soon as may be."""
        with self._changed:
            self._wishes.append(request)
            self._changed.notify_all()

    def enough(self, cell: str) -> None:
        """The cell is asked again: what py-spy has not begun of it is not done any more."""
        with self._changed:
            self._native = [(request, process) for request, process in self._native if request.cell != cell]

    def _collect(self) -> None:
        """Have every process that is wished for tell of itself, all side by side."""
        waiting: list[Wait] = []
        while True:
            with self._changed:
                if not waiting:
                    self._changed.wait_for(lambda: self._wishes)
                fresh, self._wishes = self._wishes, []
            waiting += [wait for request in fresh if (wait := self._begin(request))]
            waiting = [wait for wait in waiting if not self._done(wait)]
            time.sleep(POLL_S)

    def _begin(self, request: Request) -> Wait | None:
        process = self._processes.find(request.cell, request.pid)
        if process is None:
            for kind in KINDS:
                self._tell(request, kind, {"error": f"{request.cell} has no process {request.pid}"})
            return None
        return Wait(request, process, request.idle_from or 0.0, signal_at=time.monotonic() + request.patience_s)

    def _done(self, wait: Wait) -> bool:
        """Whether there is no more to be waited for; everything that is known has been told then."""
        try:
            seen = self._met(wait)
        except (NotSeenError, OSError) as error:
            for kind, data in _without_dump(wait.process, str(error)).items():
                self._tell(wait.request, kind, {"host_pid": wait.process.host_pid, **data})
            self._want_native(wait, needed=True)
            return True
        if seen:
            self._want_native(wait)
        return seen

    def _met(self, wait: Wait) -> bool:
        """Whether the dump is there. Raises ``NotSeenError`` when there will be none."""
        self._read_dumps(wait)
        if self._newest.get((wait.process.host_pid, wait.on), 0.0) >= wait.since and wait.waits:
            return True
        if time.monotonic() >= wait.signal_at:
            self._send_signal(wait)
        if time.monotonic() >= wait.deadline:
            raise NotSeenError(f"no dump within {DUMP_DEADLINE_S:.0f} s of {DUMP_SIGNAL.name}")
        return False

    def _read_dumps(self, wait: Wait) -> None:
        """Tell of every dump of the process that is new."""
        process, request = wait.process, wait.request
        for number, path in sorted(process_events.dumps(process).items()):
            if number <= self._read.get(process.host_pid, 0):
                continue
            self._read[process.host_pid] = number
            dump = process_events.read_dump(path)
            events = process_events.of_dump(dump)
            self._newest[process.host_pid, str(dump.get("on"))] = dump["t"]
            about = {"host_pid": process.host_pid, "at": request.occasion(dump)}
            times = {"t": dump["t"], "took_ms": dump.get("took_ms")}
            for kind, data in events.items():
                self._tell(request, kind, {**about, **data, **times})

    def _send_signal(self, wait: Wait) -> None:
        """Ask the process for a dump, where it would not die of it."""
        if not catches(read_status(wait.process.host_pid), DUMP_SIGNAL):
            raise NotSeenError(f"process {wait.process.pid} does not wait for {DUMP_SIGNAL.name}")
        now = time.time()
        signal_dumper(wait.process.host_pid, DUMP_SIGNAL)
        wait.since, wait.signal_at, wait.deadline = now, float("inf"), time.monotonic() + DUMP_DEADLINE_S

    def _want_native(self, wait: Wait, *, needed: bool = False) -> None:
        """Have py-spy look, unless it has looked at enough that are alike, and nothing hangs on it."""
        alike = (wait.request.like or wait.request.cell, wait.request.at)
        with self._changed:
            if needed or self._taken[alike] < NATIVE_OF_ALIKE:
                self._taken[alike] += 1
                self._native.append((wait.request, wait.process))
                self._changed.notify_all()

    def _spy(self) -> None:
        looker = Looker()
        while True:
            request, process = self._take()
            data = looker.look(process, request.stop_s)
            self._tell(request, "process.stacks", {"host_pid": process.host_pid, **data})
            with self._changed:
                self._busy.discard(process.host_pid)
                self._changed.notify_all()

    def _take(self) -> tuple[Request, Process]:
        """The first whose process nobody is looking at, since py-spy cannot stop a process twice."""
        with self._changed:
            while True:
                for request, process in self._native:
                    if process.host_pid not in self._busy:
                        self._native.remove((request, process))
                        self._busy.add(process.host_pid)
                        return request, process
                self._changed.wait()

    def _tell(self, request: Request, kind: str, data: dict[str, Any]) -> None:
        t = data.pop("t", None)
        self._output.emit(kind, {"at": request.at, **data}, t=t, cell=request.cell, pid=request.pid)


def _without_dump(process: Process, why: str) -> process_events.Told:
    """What the kernel tells, where the process tells nothing of itself."""
    try:
        return process_events.of_kernel(tasks_of(process.host_pid), why)
    except NotSeenError as error:
        return {"process.switches": {"error": str(error)}, "process.greenlets": {"error": why}}


def catches(status: dict[str, str], number: int) -> bool:
    """Whether a process handles a signal, or holds it back to wait for it; any other would be killed by it."""
    masks = int(status["SigCgt"], 16) | int(status["SigBlk"], 16)
    return bool(masks >> (number - 1) & 1)


class Looker:
    """A process that runs py-spy (``heartbed_agent.look``); started again when it has ended or been killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def look(self, process: Process, stop_s: float) -> dict[str, Any]:
        """The data of ``process.stacks``; ``error`` when the look did not come to its end in time."""
        looking = self._running()
        deadline = threading.Timer(NATIVE_DEADLINE_S, looking.kill)
        deadline.start()
        answer = ""
        with contextlib.suppress(OSError, ValueError):
            looking.stdin.write(f"{process.pid} {process.host_pid} {stop_s}\n")  # type: ignore[union-attr]
            looking.stdin.flush()  # type: ignore[union-attr]
            answer = looking.stdout.readline()  # type: ignore[union-attr]
        deadline.cancel()
        try:
            found: dict[str, Any] = json.loads(answer)
        except ValueError:
            looking.kill()
            return {"error": "the look came to no end"}
        return found

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-I", "-m", "heartbed_agent.look"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self._process
