"""The processes of the watched cells: which there are, and when one ends."""

from __future__ import annotations

import contextlib
import os
import select
import threading
import time
from dataclasses import dataclass

from heartbed.kernel.proc import pids, read_status
from heartbed_agent.output import Output


@dataclass(frozen=True)
class Process:
    """One process of a cell. ``pid`` is the cell's own number for it, ``host_pid`` the machine's."""

    cell: str
    pid: int
    host_pid: int
    name: str
    handle: int
    """File descriptor that becomes readable when the process ends."""


class Processes:
    """Finds the cells' processes by looking through /proc, and is told by the kernel when one ends.

    A cell's processes are its container's first process and all that descend
    from it. Others come in from outside: a health check, a ``docker exec``, or
    what this agent itself sends to look.
    """

    def __init__(self, output: Output) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._cells: dict[int, str] = {}
        self._strangers: dict[int, int] = {}  # process -> parent, of the machine's other processes
        self._known: dict[int, Process] = {}
        self._by_handle: dict[int, int] = {}
        self._silent: set[str] = set()
        self._epoll = select.epoll()

    def watch(self, cell: str, container_pid: int, *, silently: bool = False) -> None:
        """Watch a cell from now on, or know its processes ``silently``. Raises ``OSError`` when its first has ended."""
        os.kill(container_pid, 0)
        with self._lock:
            if silently:
                self._silent.add(cell)
            self._cells[container_pid] = cell
            self._strangers.pop(container_pid, None)
        self.scan()

    def find(self, cell: str, pid: int) -> Process | None:
        """A cell's process by the cell's own number for it."""
        self.scan()
        with self._lock:
            return next((each for each in self._known.values() if each.cell == cell and each.pid == pid), None)

    def of(self, cell: str) -> list[Process]:
        """All processes of a cell that are known now."""
        with self._lock:
            return [each for each in self._known.values() if each.cell == cell]

    def all(self) -> list[Process]:
        """Every process of every cell that is known now."""
        with self._lock:
            return [*self._known.values()]

    def scan(self) -> None:
        """Notice processes that are new."""
        with self._lock:
            present = pids()
            for ended in self._strangers.keys() - present:
                del self._strangers[ended]
            for host_pid in sorted(present - self._strangers.keys() - self._known.keys()):
                self._look_at(host_pid)

    def wait(self, seconds: float) -> None:
        """Wait that long, and tell of every process that ends meanwhile."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for handle, _ in self._epoll.poll(left):
                self._part(handle)

    def _look_at(self, host_pid: int) -> None:
        with contextlib.suppress(OSError, KeyError):  # ended meanwhile
            status = read_status(host_pid)
            parent = int(status["PPid"])
            cell = self._cell_of(host_pid, parent)
            zombie = status["State"].startswith("Z")  # told of already, or never seen alive
            if cell is None or zombie:
                self._strangers[host_pid] = parent
                return
            pid = int(status["NSpid"].split()[-1])
            self._meet(Process(cell, pid, host_pid, status["Name"], os.pidfd_open(host_pid)))

    def _cell_of(self, host_pid: int, parent: int) -> str | None:
        if host_pid in self._cells:
            return self._cells[host_pid]
        known = self._known.get(parent)
        return known.cell if known else None

    def _meet(self, process: Process) -> None:
        self._known[process.host_pid] = process
        self._by_handle[process.handle] = process.host_pid
        self._epoll.register(process.handle, select.EPOLLIN)
        self._tell("process.seen", process)
        for child in [each for each, parent in self._strangers.items() if parent == process.host_pid]:
            del self._strangers[child]
            self._look_at(child)

    def _part(self, handle: int) -> None:
        t = time.time()
        with self._lock:
            self._epoll.unregister(handle)
            os.close(handle)
            process = self._known.pop(self._by_handle.pop(handle))
            self._cells.pop(process.host_pid, None)
        self._tell("process.gone", process, t)

    def _tell(self, kind: str, process: Process, t: float | None = None) -> None:
        if process.cell in self._silent:
            return
        data = {"host_pid": process.host_pid, "name": process.name}
        self._output.emit(kind, data, t=t, cell=process.cell, pid=process.pid)
