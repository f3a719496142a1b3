"""The sockets that lead from this host to a broker, in all its network namespaces: told whenever they change."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heartbed.kernel import proc
from heartbed.kernel.messages import FAMILIES, Ends, Seen
from heartbed.kernel.sockdiag import SockDiag
from heartbed.record.event import Event
from heartbed.record.kinds import LookLost, LookSocket, LookTick, ProcessGone
from heartbed.wording import count

Emit = Callable[[Event], None]

HIDDEN = "processes of other users and in containers cannot be seen: that takes root"

MOST_NAMED = 3

MOVED_S = 0.1
"""The kernel counts in ticks of some milliseconds: a moment that moves by less has not moved."""


@dataclass
class Known:
    """A socket that has been told of."""

    ends: Ends
    inode: int
    pids: tuple[int, ...]
    space: int
    told: LookSocket
    seen: Seen
    t: float
    """When it was seen so."""


class Sockets:
    """Finds them, and looks at each again and again; asks the kernel, and nobody else.

    ``failed`` is told what cannot be seen, in words, once each.
    """

    def __init__(
        self, ports: Sequence[int], wanted: Callable[[int], bool], emit: Emit, failed: Callable[[str], None]
    ) -> None:
        self._ports, self._wanted, self._emit, self._failed = ports, wanted, emit, failed
        self._spaces: dict[int, SockDiag] = {}
        self._known: dict[tuple[int, Ends], Known] = {}
        self._lost: dict[int, int] = {}
        self._counts: dict[int, str] = {}
        self._ownerless: set[tuple[int, Ends]] = set()
        self._own = proc.namespace(os.getpid(), "net")

    @property
    def pids(self) -> list[int]:
        """The processes that hold one, or have lost one, by number."""
        return sorted({pid for each in self._known.values() for pid in each.pids} | self._lost.keys())

    def close(self) -> None:
        """Let go of all namespaces."""
        for diag in self._spaces.values():
            diag.close()

    def discover(self) -> None:
        """Look for sockets that are new, in the namespaces in which there are more or fewer than before."""
        spaces = self._processes()
        for space in self._spaces.keys() - spaces.keys():
            self._spaces.pop(space).close()
        for space, pids in spaces.items():
            with contextlib.suppress(OSError):  # said, where it is new
                counts, of_ipv6 = proc.tcp_counts(pids[0] if pids else os.getpid())
                if self._counts.get(space) != counts:
                    families = FAMILIES if of_ipv6 else FAMILIES[:1]
                    listed = {each.inode: each for each in self._diag(space, pids).every(families) if each.inode}
                    self._discover_in(space, pids, listed)
                    self._see_lost(pids, listed)
                    self._counts[space] = counts

    def tick(self) -> None:
        """Look at each of them once more. What is told is as of the beginning: what was sent since is no silence."""
        t, began = time.time(), time.monotonic()
        for key, known in list(self._known.items()):
            diag = self._spaces.get(known.space)
            found = None
            with contextlib.suppress(OSError):
                found = diag.look(known.ends) if diag else None
            now = time.time()  # after the answer: on a busy machine it may be old by now, and a silence is never longer
            if found is None or found.inode != known.inode:
                del self._known[key]
                self._counts.pop(known.space, None)
                self._ended(known)
            else:
                self._tell(known, found, now)
        self._emit(Event(LookTick(took_ms=_ms(began), sockets=len(self._known)), t))

    def _processes(self) -> dict[int, list[int]]:
        """Network namespace -> the processes in it that are of interest, as far as they may be seen."""
        found: dict[int, list[int]] = {self._own: []}
        hidden = 0
        for pid in sorted(proc.pids()):
            try:
                found.setdefault(proc.namespace(pid, "net"), []).append(pid)
            except PermissionError:
                hidden += 1
            except OSError:  # ended meanwhile
                continue
        if hidden:
            closed = f"{count(hidden, 'process', 'es')} cannot be looked into, even by root"
            self._failed(HIDDEN if os.geteuid() else closed)
        return found

    def _diag(self, space: int, pids: Sequence[int]) -> SockDiag:
        if space not in self._spaces:
            try:
                self._spaces[space] = SockDiag(None if space == self._own else pids[0])
            except (ProcessLookupError, FileNotFoundError):
                raise
            except OSError as error:
                reason = error.strerror or error
                self._failed(f"the sockets of process {pids[0] if pids else '-'} and its like cannot be seen: {reason}")
                raise
        return self._spaces[space]

    def _discover_in(self, space: int, pids: Sequence[int], listed: Mapping[int, Seen]) -> None:
        led = [each for each in listed.values() if each.ends.remote_port in self._ports]
        fresh = [each for each in led if (space, each.ends) not in self._known]
        if not fresh:
            return
        owners = self._owners({each.inode for each in fresh}, pids)
        for each in fresh:
            holders = tuple(owners.get(each.inode, ()))
            if holders and any(self._wanted(pid) for pid in holders):
                self._meet(space, each.ends, holders)
        self._tell_ownerless(space, [each.ends for each in fresh if each.inode not in owners])

    def _tell_ownerless(self, space: int, found: Sequence[Ends]) -> None:
        """Tell of connections that the kernel lists, and whose processes are hidden from this one."""
        new = [ends for ends in found if (space, ends) not in self._ownerless]
        self._ownerless |= {(space, ends) for ends in new}
        if new and os.geteuid():
            connections, named = count(len(new), "connection"), ", ".join(ends.conn for ends in new[:MOST_NAMED])
            such = f"{named}, ..." if len(new) > MOST_NAMED else named
            self._failed(f"whose the {connections} to a broker are ({such}): that takes root")

    def _meet(self, space: int, ends: Ends, holders: tuple[int, ...]) -> None:
        seen = self._spaces[space].look(ends)
        t = time.time()
        if seen is not None:
            told = _socket_event(seen, holders, t)
            self._known[space, ends] = Known(ends, seen.inode, holders, space, told, seen, t)
            self._emit(Event(told, t, pid=holders[0], conn=ends.conn))

    def _see_lost(self, pids: Sequence[int], listed: Mapping[int, Seen]) -> None:
        """Tell of Python processes that have TCP sockets which the kernel lists no more."""
        for pid in pids:
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                number = len(proc.lost(pid, listed.keys()))
                if number != self._lost.get(pid, 0) and self._wanted(pid) and _is_python(pid):
                    self._lost[pid] = number
                    self._emit(Event(LookLost(sockets=number), pid=pid))

    @staticmethod
    def _owners(inodes: set[int], pids: Iterable[int]) -> Mapping[int, list[int]]:
        """Inode -> the processes that hold it, of those that may be looked into."""
        found: dict[int, list[int]] = {}
        for pid in pids:
            with contextlib.suppress(OSError):  # ended meanwhile, or another user's
                for inode in proc.sockets(pid) & inodes:
                    found.setdefault(inode, []).append(pid)
        return found

    def _tell(self, known: Known, seen: Seen, t: float) -> None:
        if not _same(known, seen, t):
            known.seen, known.t, known.told = seen, t, _socket_event(seen, known.pids, t)
            self._emit(Event(known.told, t, pid=known.pids[0], conn=known.ends.conn))

    def _ended(self, known: Known) -> None:
        """The kernel has the socket no more: closed by its process, or reset; or the process has ended."""
        pid, t = known.pids[0], time.time()
        try:
            held = known.inode in proc.sockets(pid)
        except OSError:
            held = False
        told = known.told.model_copy(update={"state": "CLOSED", "held": held})
        self._emit(Event(told, t, pid=pid, conn=known.ends.conn))
        if not (proc.PROC / str(pid)).is_dir():
            self._emit(Event(ProcessGone(host_pid=pid), t, pid=pid))


def _is_python(pid: int) -> bool:
    return b"python" in (proc.PROC / str(pid) / "maps").read_bytes()


def _socket_event(seen: Seen, pids: tuple[int, ...], t: float) -> LookSocket:
    info, queues = seen.info, seen.queues
    about: dict[str, Any] = {"pids": list(pids)} if len(pids) > 1 else {}
    if info is not None and queues.state not in ("SYN_SENT", "SYN_RECV"):
        written = None if info.acknowledged is None else info.acknowledged + queues.tx_octets
        about |= {
            "sent": round(t - info.sent_ago_s, 3),
            "heard": round(t - info.heard_ago_s, 3),
            "acked": round(t - info.acked_ago_s, 3),
            "written": written,
            "received": info.received,
        }
    remote = seen.ends.remote.removeprefix("::ffff:")
    return LookSocket(
        remote=f"{remote}:{seen.ends.remote_port}",
        state=queues.state,
        unread=queues.rx_octets,
        unacked=queues.tx_octets,
        **about,
    )


def _same(known: Known, seen: Seen, t: float) -> bool:
    """Whether there is nothing to tell: most of the time there is not."""
    was, now = known.seen.info, seen.info
    if known.seen.queues != seen.queues or was is None or now is None:
        return known.seen == seen
    passed = t - known.t
    return (was.acknowledged, was.received) == (now.acknowledged, now.received) and all(
        abs(after - before - passed) <= MOVED_S
        for before, after in (
            (was.sent_ago_s, now.sent_ago_s),
            (was.heard_ago_s, now.heard_ago_s),
            (was.acked_ago_s, now.acked_ago_s),
        )
    )


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
