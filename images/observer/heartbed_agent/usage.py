"""What the processes of a cell hold, told at an interval."""

from __future__ import annotations

import contextlib
import time

from heartbed.kernel.usage import usage
from heartbed_agent.output import Output
from heartbed_agent.processes import Processes


class Usage:
    """Measures the cells that it is told to."""

    def __init__(self, processes: Processes, output: Output) -> None:
        self._processes, self._output = processes, output
        self._every: dict[str, float] = {}
        self._due: dict[str, float] = {}

    def measure(self, cell: str, every_s: float) -> None:
        """Measure a cell's processes from now on, every so many seconds."""
        self._due[cell] = time.monotonic()
        self._every[cell] = every_s

    def tick(self) -> None:
        """Measure the cells whose turn it is."""
        now = time.monotonic()
        for cell, every_s in list(self._every.items()):
            if now >= self._due[cell]:
                self._due[cell] = max(now, self._due[cell] + every_s)
                self._measure(cell)

    def _measure(self, cell: str) -> None:
        for process in self._processes.of(cell):
            with contextlib.suppress(OSError, KeyError, ValueError):  # ended meanwhile
                self._output.emit("process.usage", usage(process.host_pid), cell=cell, pid=process.pid)
