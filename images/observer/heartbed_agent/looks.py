"""Looks at processes, a few at a time, and never twice at the same one at the same time."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
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

    @property
    def process(self) -> tuple[str, int]:
        """What is looked at."""
        return self.cell, self.pid


class Looks:
    """Takes wishes. One that cannot be met is answered with events that say why."""

    def __init__(self, processes: Processes, output: Output) -> None:
        self._processes, self._output = processes, output
        self._waiting: list[Request] = []
        self._busy: set[tuple[str, int]] = set()
        self._changed = threading.Condition()
        for number in range(WORKERS):
            threading.Thread(target=self._work, name=f"look-{number}", daemon=True).start()

    def ask(self, request: Request) -> None:
        """Look as soon as a worker is free. A wish that is waiting already is not taken twice."""
        with self._changed:
            if request not in self._waiting:
                self._waiting.append(request)
                self._changed.notify_all()

    def _work(self) -> None:
        looker = Looker()
        while True:
            request = self._take()
            process = self._processes.find(request.cell, request.pid)
            if process is None:
                self._missing(request, set(), f"{request.cell} has no process {request.pid}")
            else:
                self._look(looker, request, process)
            with self._changed:
                self._busy.discard(request.process)
                self._changed.notify_all()

    def _take(self) -> Request:
        """The first wish whose process nobody is looking at, since py-spy cannot stop a process twice."""
        with self._changed:
            while True:
                for request in self._waiting:
                    if request.process not in self._busy:
                        self._waiting.remove(request)
                        self._busy.add(request.process)
                        return request
                self._changed.wait()

    def _look(self, looker: Looker, request: Request, process: Process) -> None:
        told: set[str] = set()
        reason = "the look came to no end"
        for event in looker.look(process, request.at):
            if "kind" in event:
                told.add(event["kind"])
                self._output.write(json.dumps(event | {"cell": request.cell}, separators=(",", ":")))
            elif "failed" in event:
                reason = event["failed"]
            elif event["end"] < 0:
                reason = "the look was ended, perhaps with its container"
        self._missing(request, told, reason)

    def _missing(self, request: Request, told: set[str], reason: str) -> None:
        for kind in KINDS:
            if kind not in told:
                data = {"at": request.at, "error": reason}
                self._output.emit(kind, data, cell=request.cell, pid=request.pid)


class Looker:
    """A process that looks (``heartbed_agent.look``); started again when it has ended or been killed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def look(self, process: Process, at: str) -> Iterator[dict[str, Any]]:
        """The events of one look, and last ``{"end": code}``; fewer when it did not come to its end in time."""
        looking = self._running()
        deadline = threading.Timer(DEADLINE_S, looking.kill)
        deadline.start()
        try:
            looking.stdin.write(f"{process.pid} {process.host_pid} {at}\n")  # type: ignore[union-attr]
            looking.stdin.flush()  # type: ignore[union-attr]
            yield from _until_end(looking.stdout)  # type: ignore[arg-type]
        except (OSError, ValueError):
            looking.kill()
        finally:
            deadline.cancel()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            command = [sys.executable, "-m", "heartbed_agent.look"]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self._process


def _until_end(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        event: dict[str, Any] = json.loads(line)
        yield event
        if "end" in event:
            return
