"""Which frame of which thread tells why a connection lived or died.

A stack dump of an application process has dozens of threads and hundreds of
frames. The one that matters is what the thread that owns the heartbeat waits
in: the hub that runs green threads, the heartbeat's own loop, or a place in
httpd or mod_wsgi where no hub is ever run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from heartbed.record.event import Event
from heartbed.record.kinds import Frame, Greenlet, ProcessGreenlets, ProcessStacks, Request, Thread
from heartbed.report.data import RunData
from heartbed.verdict import stack
from heartbed.verdict.stack import BEATING, GREEN_LOCK, LOCKED_OUT
from heartbed.verdict.values import CellVerdict
from heartbed.wording import seconds

SYSTEM_CALL = "system call"
"""The file of a frame that is only known by its system call."""

LATE_S = 0.5
"""A hub whose next timer is overdue by more was not run when it should have been."""


@dataclass(frozen=True)
class Stack:
    """The frames that one or more threads share, innermost first."""

    names: tuple[str, ...]
    frames: tuple[Frame, ...]
    telling: int | None
    """The index of the frame that tells, or None."""
    meaning: str

    @property
    def module(self) -> str:
        """The httpd module that the thread waits in, ``mod_mpm_prefork.so``; empty when there is none."""
        return stack.module(self.frames)


@dataclass(frozen=True)
class Dump:
    """What one process was doing at one moment."""

    pid: int | None
    t: float
    error: str
    stack: Stack | None
    """The OS thread that tells most."""
    greens: tuple[Stack, ...]
    """The green threads that tell something: one that waits in a lock, one that sends heartbeats."""
    others: tuple[Stack, ...]

    @property
    def locked(self) -> bool:
        """Whether a thread, green or not, waits for a lock that is in the heartbeat's way."""
        return any(stack.meaning in (LOCKED_OUT, GREEN_LOCK) for stack in (self.stack, *self.greens) if stack)


def dumps(run: RunData, cell: CellVerdict, at: str = "mid-idle") -> list[Dump]:
    """The stack dumps of a cell's processes; those that hold one of its connections first."""
    owners = {connection.pid for connection in cell.connections}
    greens = {e.pid: e for e in run.of_cell(cell, ProcessGreenlets) if e.data.at == at}
    openers = {(e.pid, e.data.thread) for e in run.of_cell(cell, Request) if e.data.phase == "open"}
    dumps = []
    for event in _fullest(event for event in run.of_cell(cell, ProcessStacks) if event.data.at == at):
        tids = {tid for pid, tid in openers if pid == event.pid}
        dumps.append(_dump(event, greens.get(event.pid), tids))
    return sorted(dumps, key=lambda dump: (dump.pid not in owners, dump.t, dump.pid or 0))


def _fullest(looks: Iterable[Event[ProcessStacks]]) -> list[Event[ProcessStacks]]:
    """One look at each process: the one that shows native frames, where there is one, else its own."""
    ranked = sorted(looks, key=lambda look: (not look.data.threads, look.data.by != "py-spy"))
    return list({look.pid: look for look in reversed(ranked)}.values())


def _dump(event: Event[ProcessStacks], greenlets: Event[ProcessGreenlets] | None, openers: set[int | None]) -> Dump:
    threads = event.data.threads
    greens, tid = _greens(greenlets)
    ranked = sorted(threads, key=lambda thread: (*_rank(thread, tid), thread.tid not in openers))
    stacks = _grouped(ranked)
    return Dump(
        pid=event.pid,
        t=event.t,
        error=event.data.error or ("" if threads else event.data.native_error or "no thread was seen"),
        stack=stacks[0] if stacks else None,
        greens=greens,
        others=tuple(stacks[1:]),
    )


def _rank(thread: Thread, green_tid: int | None) -> tuple[bool, bool, bool]:
    """Sorts a heartbeat that is locked out first, then the thread of the heartbeat's hub, then one that beats."""
    meaning = stack.telling(frames_of(thread))[1]
    own = "heartbeat" in thread.name.lower() or meaning == BEATING
    return (meaning != LOCKED_OUT, green_tid is None or thread.tid != green_tid, not own)


def _greens(event: Event[ProcessGreenlets] | None) -> tuple[tuple[Stack, ...], int | None]:
    """The green threads that tell something, and the OS thread that the one which sends heartbeats belongs to."""
    locked: list[Stack] = []
    beating: list[Stack] = []
    beating_tid = None
    for greenlet in event.data.greenlets if event else ():
        frames, tid = frames_of(greenlet), greenlet.tid
        name = "green thread" if tid is None else f"green thread of thread {tid}"
        index, meaning = stack.telling(frames)
        if event is None or greenlet.dead:
            continue
        if meaning == BEATING and not beating:
            beating = [Stack((name,), frames, index, f"{BEATING}, suspended here{_lateness(event, tid)}")]
            beating_tid = tid
        elif meaning == GREEN_LOCK:
            locked.append(Stack((name,), frames, index, GREEN_LOCK))
    return (*locked, *beating), beating_tid


def _lateness(event: Event[ProcessGreenlets], tid: int | None) -> str:
    overdue = next((hub.next_timer_overdue_s for hub in event.data.hubs if hub.tid == tid), None)
    return f"; its hub should have run {seconds(overdue)} ago" if overdue and overdue > LATE_S else ""


def _grouped(threads: Sequence[Thread]) -> list[Stack]:
    groups: dict[tuple[str, ...], list[Thread]] = {}
    for thread in threads:
        shape = tuple(f"{f.function} {f.file} {f.line}" for f in frames_of(thread))
        groups.setdefault(shape, []).append(thread)
    return [_stack(members) for members in groups.values()]


def _stack(threads: Sequence[Thread]) -> Stack:
    frames = frames_of(threads[0])
    telling, meaning = stack.telling(frames)
    names = tuple(f"{thread.tid} {thread.name}".strip() for thread in threads)
    return Stack(names, frames, telling, meaning)


def frames_of(thread: Thread | Greenlet) -> tuple[Frame, ...]:
    """The frames of a thread or greenlet, innermost first.

    Of a thread without a stack the system call is known that it waits in.
    """
    frames: Sequence[Frame] = thread.frames
    if not frames and isinstance(thread, Thread) and thread.syscall:
        frames = [Frame(function=thread.syscall, file=SYSTEM_CALL, native=True)]
    return tuple(_without_nameless(frames))


def _without_nameless(frames: Sequence[Frame]) -> Iterator[Frame]:
    """Each row of native frames without symbols as one."""
    for nameless, row in groupby(frames, key=lambda frame: frame.file if _is_nameless(frame) else None):
        members = list(row)
        if nameless is None:
            yield from members
        else:
            count = f"{len(members)} frames" if len(members) > 1 else "a frame"
            yield Frame(function=f"({count} without a name)", file=nameless, native=True)


def _is_nameless(frame: Frame) -> bool:
    return frame.function.startswith("0x")
