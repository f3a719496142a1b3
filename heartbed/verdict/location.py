"""Where a thread is: reads the stacks and greenlet dumps of a process.

The events are ``process.stacks`` and ``process.greenlets`` (docs/record.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

from heartbed.cells import axes
from heartbed.record.event import Event
from heartbed.record.history import Purpose
from heartbed.record.kinds import Frame, ProcessGreenlets, ProcessStacks

BEATS = {
    # The heartbeat of a SEND connection is a loop of its own; a LISTEN
    # connection beats inside the loop that consumes replies.
    Purpose.SEND: ("_heartbeat_thread_job",),
    Purpose.LISTEN: ("_consume", "consume", "poll"),
}
OSLO_DRIVER = "oslo_messaging"
WAITS_FOR_LOCK = "heartbeat_acquire"
GREEN_LOCKS = "eventlet/semaphore.py"
GREEN = ("/eventlet/", "/gevent/")
"""Files of the libraries that make threads green."""

HUBS = ("eventlet/hubs", "gevent/hub.py")
"""Files in which a thread that runs a hub is."""


@dataclass(frozen=True)
class Place:
    """Where an OS thread was when it was looked at."""

    tid: int
    syscall: str | None
    module: str | None
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
            frame = _beating_frame(greenlet.frames, purpose)
            if frame and greenlet.conn in (conn, None):
                tid = greenlet.tid
                return Beater(tid, overdue(dump, tid), frame, dump)
    return None


def holder(dumps: Sequence[Event[ProcessGreenlets]], conn: str) -> Beater | None:
    """The green thread of the application's own that holds a connection, in the earliest dump that shows it."""
    for dump in dumps:
        for greenlet in dump.data.greenlets:
            frames = greenlet.frames
            if greenlet.conn != conn or not frames or any(OSLO_DRIVER in frame.file for frame in frames):
                continue
            own = next((frame for frame in frames if not any(each in frame.file for each in GREEN)), frames[0])
            tid = greenlet.tid
            return Beater(tid, overdue(dump, tid), _named(own), dump, _library(dump, tid), holds=True)
    return None


def _library(dump: Event[ProcessGreenlets], tid: int | None) -> str:
    """Whose hub a thread has: ``eventlet`` or ``gevent``."""
    hubs = [hub.hub for hub in dump.data.hubs if hub.tid == tid]
    return "gevent" if any(hub.startswith("gevent") for hub in hubs) else "eventlet"


def locked_out(stacks: Sequence[Event[ProcessStacks]]) -> tuple[int, str, Event[ProcessStacks]] | None:
    """The OS thread that should beat, when it waits for the connection's lock; its number, the frame and the event."""
    for event in stacks:
        for thread in event.data.threads:
            names = {function_name(frame): frame for frame in thread.frames}
            if WAITS_FOR_LOCK in names and BEATS[Purpose.SEND][0] in names:
                return thread.tid, _named(names[WAITS_FOR_LOCK]), event
    return None


def green_lock(dumps: Sequence[Event[ProcessGreenlets]]) -> tuple[int | None, str, Event[ProcessGreenlets]] | None:
    """A green thread suspended in one of eventlet's locks on behalf of oslo.messaging: its thread, frame and event.

    eventlet's locks are made for one OS thread. When another one releases
    them, it cannot switch to the green thread that waits, which then waits for ever.
    """
    for event in dumps:
        for greenlet in event.data.greenlets:
            frames = greenlet.frames
            lock = next((n for n, f in enumerate(frames) if f.file.endswith(GREEN_LOCKS)), None)
            job = {function_name(frame) for frame in frames}
            if lock is None or job & {BEATS[Purpose.SEND][0], "sleep"}:
                continue
            owner = next((frame for frame in frames[lock:] if OSLO_DRIVER in frame.file), None)
            if owner is not None:
                return greenlet.tid, _named(owner), event
    return None


def _named(frame: Frame) -> str:
    return f"{function_name(frame)} ({PurePosixPath(frame.file).name}:{frame.line})"


def _beating_frame(frames: Sequence[Frame], purpose: Purpose) -> str | None:
    for frame in frames:
        if function_name(frame) in BEATS.get(purpose, ()) and OSLO_DRIVER in frame.file:
            return _named(frame)
    return None


def function_name(frame: Frame) -> str:
    """The function without its class: stacks name it alone, greenlet dumps name both."""
    return frame.function.rpartition(".")[2]


def overdue(dump: Event[ProcessGreenlets], tid: int | None) -> float | None:
    """For how long (seconds) a thread's hub should have run its next timer; negative before it is due."""
    for hub in dump.data.hubs:
        if hub.tid == tid and hub.next_timer_overdue_s is not None:
            return hub.next_timer_overdue_s
    return None


def place(stacks: Event[ProcessStacks], tid: int) -> Place | None:
    """Where one OS thread was when the stacks were taken; None when it is not among them."""
    for thread in stacks.data.threads:
        if thread.tid == tid:
            return Place(tid, thread.syscall, _module(thread.frames), stacks)
    return None


def places(stacks: Sequence[Event[ProcessStacks]], tid: int) -> list[Place]:
    """Where one OS thread was, in order of time.

    A process that looks at itself knows the system call alone: where a look from outside has shown more of
    the same call, that is told.
    """
    found = [seen for event in stacks if (seen := place(event, tid))]
    known = {each.syscall for each in found if each.module}
    return [each for each in found if each.module or each.syscall not in known]


def _module(frames: Sequence[Frame]) -> str | None:
    """The innermost file of a server's own on a native stack."""
    for frame in frames:
        name = PurePosixPath(frame.file).name
        if any(fnmatch(name, native) for native in axes.TABLE.native):
            return name
    return None


def runs_hub(stacks: Event[ProcessStacks], tid: int) -> bool:
    """Whether that thread was inside its hub when the stacks were taken."""
    for thread in stacks.data.threads:
        if thread.tid == tid:
            return any(hub in frame.file for frame in thread.frames for hub in HUBS)
    return False
