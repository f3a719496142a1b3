"""Once a second: which containers worked, and which would have and had no core."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from typing import Any

from heartbed.kernel.work import Worked, threads
from heartbed_agent.output import Output
from heartbed_agent.processes import Processes

EVERY_S = 1.0
LEAST = 0.01
"""Less of the time than this is what timers take, and is not told."""


class Work:
    """Measures all that is watched. What a process did in the second in which it was first seen is not known."""

    def __init__(self, processes: Processes, output: Output) -> None:
        self._processes, self._output = processes, output
        self._before: dict[int, dict[int, Worked]] = {}
        self._since = time.monotonic()

    def tick(self) -> None:
        """Measure, when it is time."""
        now, t = time.monotonic(), time.time()
        if (over_s := now - self._since) < EVERY_S:
            return
        self._since = now
        parts: dict[str, dict[str, Any]] = defaultdict(lambda: {"ran_s": 0.0, "waited_s": 0.0, "disk": False})
        stopped: dict[str, list[int]] = defaultdict(list)
        seen = {}
        for process in self._processes.all():
            with contextlib.suppress(OSError):  # ended meanwhile
                seen[process.host_pid] = threads(process.host_pid)
                if process.host_pid in self._before:
                    _add(parts[process.cell], self._before[process.host_pid], seen[process.host_pid])
                if any(thread.stopped for thread in seen[process.host_pid].values()):
                    stopped[process.cell].append(process.pid)
        self._before = seen
        told = {name: part for name, part in parts.items() if _matters(part, over_s)}
        for cell, pids in stopped.items():
            told[cell] = {**parts[cell], "stopped": sorted(pids)}
        self._output.emit("machine.work", {"over_s": round(over_s, 3), "parts": told}, t=t)


def _add(part: dict[str, Any], before: dict[int, Worked], now: dict[int, Worked]) -> None:
    for tid, thread in now.items():
        then = before.get(tid, Worked(0.0, 0.0, disk=False))
        part["ran_s"] = round(part["ran_s"] + max(0.0, thread.ran_s - then.ran_s), 4)
        part["waited_s"] = round(part["waited_s"] + max(0.0, thread.waited_s - then.waited_s), 4)
        part["disk"] |= thread.disk


def _matters(part: dict[str, Any], over_s: float) -> bool:
    return bool(part["disk"]) or part["ran_s"] + part["waited_s"] >= LEAST * over_s
