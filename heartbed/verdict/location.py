"""Where a thread is: reads the stacks and greenlet dumps of a process.

The events are ``process.stacks`` and ``process.greenlets`` (docs/record.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from heartbed.record.event import Event
from heartbed.record.history import Purpose

BEATS = {
    # The heartbeat of a SEND connection is a loop of its own; a LISTEN
    # connection beats inside the loop that consumes replies.
    Purpose.SEND: ("_heartbeat_thread_job",),
    Purpose.LISTEN: ("_consume", "consume", "poll"),
}
OSLO_DRIVER = "oslo_messaging"
WAITS_FOR_LOCK = "heartbeat_acquire"
GREEN_LOCKS = "eventlet/semaphore.py"


@dataclass(frozen=True)
class Place:
    """Where an OS thread was when it was looked at."""

    tid: int
    syscall: str | None
    module: str | None
    event: Event

    def __str__(self) -> str:
        where = self.syscall or "native code"
        return f"{where} of {self.module}" if self.module else where


@dataclass(frozen=True)
class Beater:
    """The green thread that should have sent the heartbeat, and the OS thread whose hub must run it."""

    tid: int | None
    overdue_s: float | None
    frame: str
    event: Event


def beater(dumps: Sequence[Event], conn: str, purpose: Purpose) -> Beater | None:
    """The green thread that beats for a connection, in the earliest dump that shows it.

    A dump names the connection that a green thread works on; one that it could
    not name counts for any connection of the purpose.
    """
    for dump in dumps:
        for greenlet in dump.data.get("greenlets", ()):
            frame = _beating_frame(greenlet.get("frames", ()), purpose)
            if frame and greenlet.get("conn") in (conn, None):
                tid = greenlet.get("tid")
                return Beater(tid, overdue(dump, tid), frame, dump)
    return None


def locked_out(stacks: Sequence[Event]) -> tuple[int, str, Event] | None:
    """The OS thread that should beat, when it waits for the connection's lock; its number, the frame and the event."""
    for event in stacks:
        for thread in event.data.get("threads", ()):
            names = {function_name(frame): frame for frame in thread.get("frames", ())}
            if WAITS_FOR_LOCK in names and BEATS[Purpose.SEND][0] in names:
                return int(thread["tid"]), _named(names[WAITS_FOR_LOCK]), event
    return None


def green_lock(dumps: Sequence[Event]) -> tuple[int | None, str, Event] | None:
    """A green thread suspended in one of eventlet's locks on behalf of oslo.messaging: its thread, frame and event.

    eventlet's locks are made for one OS thread. When another one releases
    them, it cannot switch to the green thread that waits, which then waits for ever.
    """
    for event in dumps:
        for greenlet in event.data.get("greenlets", ()):
            frames = greenlet.get("frames", ())
            lock = next((n for n, f in enumerate(frames) if str(f.get("file")).endswith(GREEN_LOCKS)), None)
            job = {function_name(frame) for frame in frames}
            if lock is None or job & {BEATS[Purpose.SEND][0], "sleep"}:
                continue
            owner = next((frame for frame in frames[lock:] if OSLO_DRIVER in str(frame.get("file"))), None)
            if owner is not None:
                return greenlet.get("tid"), _named(owner), event
    return None


def _named(frame: Mapping[str, Any]) -> str:
    return f"{function_name(frame)} ({PurePosixPath(str(frame['file'])).name}:{frame.get('line')})"


def _beating_frame(frames: Sequence[Mapping[str, Any]], purpose: Purpose) -> str | None:
    for frame in frames:
        if function_name(frame) in BEATS.get(purpose, ()) and OSLO_DRIVER in str(frame.get("file")):
            return _named(frame)
    return None


def function_name(frame: Mapping[str, Any]) -> str:
    """The function without its class: stacks name it alone, greenlet dumps name both."""
    return str(frame.get("function", "")).rpartition(".")[2]


def overdue(dump: Event, tid: int | None) -> float | None:
    """For how long (seconds) a thread's hub should have run its next timer; negative before it is due."""
    for hub in dump.data.get("hubs", ()):
        if hub.get("tid") == tid and hub.get("next_timer_overdue_s") is not None:
            return float(hub["next_timer_overdue_s"])
    return None


def place(stacks: Event, tid: int) -> Place | None:
    """Where one OS thread was when the stacks were taken; None when it is not among them."""
    for thread in stacks.data.get("threads", ()):
        if thread.get("tid") == tid:
            return Place(tid, thread.get("syscall"), _module(thread.get("frames", ())), stacks)
    return None


def _module(frames: Sequence[Mapping[str, Any]]) -> str | None:
    """The innermost httpd or mod_wsgi module on a native stack."""
    for frame in frames:
        name = PurePosixPath(str(frame.get("file") or frame.get("module") or "")).name
        if name.startswith("mod_") or name in ("apache2", "httpd", "uwsgi"):
            return name
    return None


def runs_hub(stacks: Event, tid: int) -> bool:
    """Whether that thread was inside eventlet's hub when the stacks were taken."""
    for thread in stacks.data.get("threads", ()):
        if thread.get("tid") == tid:
            return any("eventlet/hubs" in str(frame.get("file")) for frame in thread.get("frames", ()))
    return False
