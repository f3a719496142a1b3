"""Looks at processes, a few at a time, each in a process of its own."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from dataclasses import dataclass
from typing import Any

from heartbed_agent.output import Output
from heartbed_agent.processes import Process, Processes

WORKERS = 2
"""More would take the cores from the cells that they look at."""
DEADLINE_S = 15.0
KINDS = ("process.switches", "process.stacks", "process.greenlets")


@dataclass(frozen=True)
class Request:
    """A wish to look at a process. ``at`` is the occasion."""

    cell: str
    pid: int
    at: str


class Looks:
    """A queue of wishes. A wish that cannot be met is answered with events that say why."""

    def __init__(self, processes: Processes, output: Output) -> None:
        self._processes, self._output = processes, output
        self._queue: queue.SimpleQueue[Request] = queue.SimpleQueue()
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"look-{number}", daemon=True).start()

    def ask(self, request: Request) -> None:
        """Look as soon as a worker is free."""
        self._queue.put(request)

    def _work(self) -> None:
        while True:
            request = self._queue.get()
            process = self._processes.find(request.cell, request.pid)
            if process is None:
                self._missing(request, set(), f"{request.cell} has no process {request.pid}")
            else:
                self._look(request, process)

    def _look(self, request: Request, process: Process) -> None:
        host_pid = str(process.host_pid)
        command = [sys.executable, "-m", "heartbed_agent.look", host_pid, str(request.pid), host_pid, request.at]
        told: set[str] = set()
        try:
            done = subprocess.run(command, capture_output=True, timeout=DEADLINE_S, check=False)
            out, reason = done.stdout, _last_line(done.stderr) or f"the look ended with {done.returncode}"
        except subprocess.TimeoutExpired as late:
            out, reason = late.stdout or b"", f"the look took more than {DEADLINE_S:.0f} s"
        except OSError as error:
            out, reason = b"", str(error)
        for line in out.splitlines(keepends=True):
            if line.endswith(b"\n"):
                event: dict[str, Any] = json.loads(line)
                told.add(event["kind"])
                self._output.write(json.dumps(event | {"cell": request.cell}, separators=(",", ":")))
        self._missing(request, told, reason)

    def _missing(self, request: Request, told: set[str], reason: str) -> None:
        for kind in KINDS:
            if kind not in told:
                self._output.emit(kind, {"at": request.at, "error": reason}, cell=request.cell, pid=request.pid)


def _last_line(stderr: bytes) -> str:
    return (stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
