"""The cells' AMQP sockets: state and queued octets, told whenever they change.

Octets that stay without an acknowledgement are told again each second: one look alone may have met some on their way.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from heartbed.kernel.messages import Ends, Queues
from heartbed.kernel.proc import PROC
from heartbed.kernel.proc import sockets as sockets_of
from heartbed.kernel.sockdiag import SockDiag
from heartbed.kernel.tables import parse
from heartbed_agent.output import Output
from heartbed_agent.processes import Process, Processes

SLOW_TICKS = 10
"""Where the kernel cannot be asked for one socket, the table of all is read every so many ticks."""

AGAIN_S = 1.0
"""How often octets are told again that stay without an acknowledgement."""

COUNT = re.compile(rb"^TCP6?: inuse (\d+) .*? tw (\d+)|^TCP6: inuse (\d+)", re.MULTILINE)


@dataclass
class Known:
    """A socket that has been told of."""

    ends: Ends
    told: Queues
    inode: int
    pids: tuple[int, ...]
    told_at: float = 0.0
    """On the monotonic clock, seconds."""


class CellSockets:
    """The sockets of one cell that lead to one of ``ports``."""

    def __init__(
        self, cell: str, container_pid: int, ports: Sequence[int], processes: Processes, output: Output
    ) -> None:
        self._cell, self._pid, self._ports = cell, container_pid, frozenset(ports)
        self._processes, self._output = processes, output
        self._known: dict[str, Known] = {}
        self._counts: object = None
        self._family: frozenset[int] = frozenset()
        self._ticks = 0
        self._diag: SockDiag | None = None
        with contextlib.suppress(OSError):
            self._diag = SockDiag(container_pid)

    def tick(self) -> None:
        """Look once. Raises ``OSError`` when the cell has ended."""
        self._ticks += 1
        counts = COUNT.findall(_read(self._pid, "sockstat") + _read(self._pid, "sockstat6"))
        changed = counts != self._counts
        self._counts = counts
        if self._diag is None:
            changed = self._ticks % SLOW_TICKS == 1
        else:
            changed |= self._ask_each(self._diag)
        if changed:
            self._list_all()
        self._see_heirs()

    def _see_heirs(self) -> None:
        """Where there are processes that were not there before, tell which sockets they hold too: those of a parent."""
        family = frozenset(each.pid for each in self._processes.of(self._cell))
        new, self._family = family - self._family, family
        for known in self._known.values() if new else ():
            pids = self._owners(known.inode)
            if pids and pids != known.pids:
                known.pids = pids
                self._tell(known, known.told)

    def close(self) -> None:
        """Let go of the cell's network namespace."""
        if self._diag is not None:
            self._diag.close()

    def _ask_each(self, diag: SockDiag) -> bool:
        """Ask for each known socket. Returns whether one is gone."""
        gone = [conn for conn, known in self._known.items() if not self._ask(diag, known)]
        for conn in gone:
            self._forget(conn)
        return bool(gone)

    def _ask(self, diag: SockDiag, known: Known) -> bool:
        queues = diag.find(known.ends)
        if queues is not None and (queues != known.told or _stays(known)):
            self._tell(known, queues)
        return queues is not None

    def _list_all(self) -> None:
        """Read the whole table: to find new sockets, and lost ones."""
        text = _read(self._pid, "tcp") + _read(self._pid, "tcp6")
        listed = {each.ends.conn: each for each in parse(text.decode()) if each.ends.remote_port in self._ports}
        for conn in self._known.keys() - listed.keys():
            self._forget(conn)
        for conn, each in listed.items():
            known = self._known.get(conn)
            if known is None:
                known = self._known[conn] = Known(each.ends, each.queues, each.inode, self._owners(each.inode))
                self._tell(known, each.queues)
            elif known.told != each.queues or _stays(known):
                self._tell(known, each.queues)

    def _owners(self, inode: int) -> tuple[int, ...]:
        """The cell's processes that hold a socket, as the cell numbers them."""
        self._processes.scan()
        return tuple(each.pid for each in self._processes.of(self._cell) if holds(each, inode))

    def _forget(self, conn: str) -> None:
        self._tell(self._known.pop(conn), Queues("CLOSED", 0, 0))

    def _tell(self, known: Known, queues: Queues) -> None:
        known.told, known.told_at = queues, time.monotonic()
        data: dict[str, Any] = {"state": queues.state, "rx_octets": queues.rx_octets, "tx_octets": queues.tx_octets}
        if len(known.pids) > 1:
            data["pids"] = known.pids
        pid = known.pids[0] if known.pids else None
        self._output.emit("socket", data, cell=self._cell, pid=pid, conn=known.ends.conn)


def _stays(known: Known) -> bool:
    """Whether octets that were told of without an acknowledgement are to be told again, as they are there still."""
    return known.told.tx_octets > 0 and time.monotonic() - known.told_at >= AGAIN_S


def holds(process: Process, inode: int) -> bool:
    """Whether a process has a socket among its file descriptors."""
    with contextlib.suppress(OSError):
        return inode in sockets_of(process.host_pid)
    return False


def _read(pid: int, table: str) -> bytes:
    return (PROC / str(pid) / "net" / table).read_bytes()
