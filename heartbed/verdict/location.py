"""Where the threads of a process are, and which of them beats for a connection: reads dumps and stacks.

The events are ``process.stacks`` and ``process.greenlets`` (docs/record.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.record.connection import Purpose
from heartbed.record.event import Event
from heartbed.record.kinds import ProcessGreenlets, ProcessStacks, Thread
from heartbed.verdict import stack


@dataclass(frozen=True)
class Place:
    """Where an OS thread was when it was looked at."""

    tid: int
    syscall: str | None
    module: str
    event: Event[ProcessStacks]

    def __str__(self) -> str:
        where = self.syscall or "native code"
        return f"{where} of {self.module}" if self.module else where


@dataclass(frozen=True)
class Beater:
    """The green thread that should have sent the heartbeat, and the OS thread whose hub must run it.

    ``holds``: it is known by the connection that it holds, not by what it does.
    """

    tid: int | None
    overdue_s: float | None
    frame: str
    event: Event[ProcessGreenlets]
    hub: str = "eventlet"
    holds: bool = False


def beater(dumps: Sequence[Event[ProcessGreenlets]], conn: str, purpose: Purpose) -> Beater | None:
    """The green thread that beats for a connection, in the earliest dump that shows it.

    A dump names the connection that a green thread works on; one that it could
    not name counts for any connection of the purpose.
    """
    for dump in dumps:
        for greenlet in dump.data.greenlets:
            frame = stack.beating(greenlet.frames, purpose)
            if frame is not None and greenlet.conn in (conn, None):
                tid = greenlet.tid
                return Beater(tid, overdue(dump, tid), stack.named(frame), dump, _library(dump, tid))
    return None


def holder(dumps: Sequence[Event[ProcessGreenlets]], conn: str) -> Beater | None:
    """The green thread that holds a connection, in the earliest dump that shows it.

    The application's own, or one that stands still while it opens the connection: before that nobody beats for it.
    """
    for dump in dumps:
        for greenlet in dump.data.greenlets:
            frames, tid = greenlet.frames, greenlet.tid
            if greenlet.conn != conn or not frames:
                continue
            own = next((frame for frame in frames if not any(each in frame.file for each in stack.GREEN)), frames[0])
            return Beater(tid, overdue(dump, tid), stack.named(own), dump, _library(dump, tid), holds=True)
    return None


def _library(dump: Event[ProcessGreenlets], tid: int | None) -> str:
    """Whose hub a thread has: ``eventlet`` or ``gevent``."""
    hubs = [hub.hub for hub in dump.data.hubs if hub.tid == tid]
    return "gevent" if any(hub.startswith("gevent") for hub in hubs) else "eventlet"


def overdue(dump: Event[ProcessGreenlets], tid: int | None) -> float | None:
    """For how long (seconds) a thread's hub should have run its next timer; negative before it is due."""
    times = (hub.next_timer_overdue_s for hub in dump.data.hubs if hub.tid == tid)
    return next((time for time in times if time is not None), None)


def thread(stacks: Event[ProcessStacks], tid: int | None) -> Thread | None:
    """One OS thread; None when it is not among those that were seen."""
    return next((each for each in stacks.data.threads if each.tid == tid), None)


def place(stacks: Event[ProcessStacks], tid: int) -> Place | None:
    """Where one OS thread was when the stacks were taken; None when it is not among them."""
    found = thread(stacks, tid)
    return Place(tid, found.syscall, stack.module(found.frames), stacks) if found else None


def places(stacks: Sequence[Event[ProcessStacks]], tid: int) -> list[Place]:
    """Where one OS thread was, in order of time.

    A process that looks at itself knows the system call alone: where a look from outside has shown more of
    the same call, that is told.
    """
    found = [seen for event in stacks if (seen := place(event, tid))]
    known = {each.syscall for each in found if each.module}
    return [each for each in found if each.module or each.syscall not in known]


def runs_hub(stacks: Event[ProcessStacks], tid: int) -> bool:
    """Whether that thread was inside its hub when the stacks were taken."""
    found = thread(stacks, tid)
    return found is not None and stack.in_hub(found.frames)


def beats_natively(stacks: Event[ProcessStacks], purpose: Purpose) -> bool:
    """Whether an OS thread was where heartbeats are sent for a connection of this purpose."""
    return any(stack.beating(each.frames, purpose) for each in stacks.data.threads)
