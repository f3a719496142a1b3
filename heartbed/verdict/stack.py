"""Reads one stack: where its thread is, which frame tells it, and what that means. The one reader of stacks.

A stack has dozens of frames. The one that matters is what the thread waits
in: the hub that runs green threads, the heartbeat's own loop, a lock, or a
place in the server where no hub is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

from heartbed.cells import axes
from heartbed.record.connection import Purpose
from heartbed.record.kinds import Frame

BEATS = {
    # The heartbeat of a SEND connection is a loop of its own; a LISTEN
    # connection beats inside the loop that consumes replies.
    Purpose.SEND: ("_heartbeat_thread_job",),
    Purpose.LISTEN: ("_consume", "consume", "poll"),
    Purpose.UNKNOWN: ("_heartbeat_thread_job", "_consume", "consume", "poll"),
}
OSLO = "oslo_messaging"
WAITS_FOR_CONNECTION = "heartbeat_acquire"
HUBS = ("eventlet/hubs/", "gevent/hub.py")
"""Files in which a thread that runs a hub is."""
GREEN = ("/eventlet/", "/gevent/")
"""Files of the libraries that make threads green."""
SEMAPHORE = "eventlet/semaphore.py"
LOCKING = ("acquire", "__enter__", "_acquire", "lock")
"""Functions that only take a lock on behalf of the one that called them."""

NO_HUB = "no hub runs in this thread"
LOCKED_OUT = "the heartbeat waits for the connection's lock, which a request holds"
GREEN_LOCK = "waits in one of eventlet's locks, from which only its own OS thread can wake it"
BEATING = "the heartbeat's own loop"

PLACES = (
    (WAITS_FOR_CONNECTION, OSLO, False, LOCKED_OUT),
    (r"_heartbeat_thread_job|heartbeat_check", "", False, BEATING),
    (r"wait|run|do_poll", HUBS[0], False, "the hub runs: green threads get their turn"),
    (r"\w*accept4?", "", True, f"waits in accept() for a request: {NO_HUB}"),
)
"""Patterns for function and file; whether it counts only in a thread that runs no Python; and what it means.

Where threads of a server wait for requests says its row in ``heartbed.cells.axes``.
"""

WAITS = re.compile(r"epoll_p?wait\d?|p?poll|p?select\d?|futex\w*|pthread_cond_\w+|\w*nanosleep|recv\w*|sem\w*|syscall")
"""Where a thread that runs no Python waits, if no place above says it better."""

PACKAGES = ("site-packages", "dist-packages")
STANDARD_LIBRARY = re.compile(r"python3\.\d+")


def function(frame: Frame) -> str:
    """The bare name: ``accept4`` of ``accept4@plt (libc.so.6)``, ``wait`` of ``Hub.wait``."""
    return re.split(r"[@ (]", frame.function, maxsplit=1)[0].rpartition(".")[2]


def place(frame: Frame) -> str:
    """Where a frame is: ``mod_mpm_prefork.so`` or ``eventlet/hubs/poll.py:77``."""
    path = PurePosixPath(frame.file or "?")
    if frame.native:
        return path.name
    parts = path.parts
    roots = [i for i, part in enumerate(parts) if part in PACKAGES or STANDARD_LIBRARY.fullmatch(part)]
    short = parts[roots[-1] + 1 :] if roots else parts[-3:]
    return f"{'/'.join(short)}:{frame.line}" if frame.line else "/".join(short)


def named(frame: Frame) -> str:
    """A frame for a sentence: ``_heartbeat_thread_job (impl_rabbit.py:1290)``; a package's file with the package."""
    path = PurePosixPath(frame.file)
    file = "/".join(path.parts[-2:]) if path.stem == "__init__" else path.name
    return f"{function(frame)} ({file}:{frame.line})"


def module(frames: Sequence[Frame]) -> str:
    """The innermost file of a server's own on a native stack; empty for none."""
    names = (PurePosixPath(frame.file).name for frame in frames if frame.native)
    return next((name for name in names if any(fnmatch(name, own) for own in axes.TABLE.native)), "")


def _places() -> list[tuple[str, str, bool, str]]:
    waits = axes.TABLE.waits.items()
    return [*PLACES, *((name, "", True, f"waits in {place} for a request: {NO_HUB}") for name, place in waits)]


def telling(frames: Sequence[Frame]) -> tuple[int | None, str]:
    """The index of the innermost frame that tells what the thread is there for, and what that means."""
    if (index := green_lock(frames)) is not None:
        return index, GREEN_LOCK
    places = _places()
    runs_python = any(not frame.native for frame in frames)
    for index, frame in enumerate(frames):
        for name, file, only_native, meaning in places:
            if only_native and runs_python:
                continue
            if re.fullmatch(name, function(frame)) and re.search(file, frame.file):
                return index, meaning
    for index, frame in enumerate(frames):
        if not runs_python and WAITS.fullmatch(function(frame).lstrip("_")):
            return index, f"waits in {module(frames) or 'native code'}: {NO_HUB}"
    return None, ""


def beating(frames: Sequence[Frame], purpose: Purpose) -> Frame | None:
    """The frame that would send heartbeats for a connection of this purpose."""
    return next((f for f in frames if function(f) in BEATS[purpose] and OSLO in f.file), None)


def in_hub(frames: Sequence[Frame]) -> bool:
    """Whether the thread is inside its hub."""
    return any(hub in frame.file for frame in frames for hub in HUBS)


def green_lock(frames: Sequence[Frame]) -> int | None:
    """The index of the frame in which a thread waits for one of eventlet's locks that another one holds.

    A condition or an event is waited for in a lock, too, but nobody holds that: whoever waits wants to be told.
    """
    lock = next((n for n, frame in enumerate(frames) if frame.file.endswith(SEMAPHORE)), None)
    if lock is None or not in_hub(frames[:lock]) or (wants := wanting(frames, lock)) is None:
        return None
    return None if function(wants) in ("wait", "sleep") else lock


def wanting(frames: Sequence[Frame], lock: int) -> Frame | None:
    """The frame that wanted the lock: the first one outside of what only takes it."""
    return next((frame for frame in frames[lock + 1 :] if function(frame) not in LOCKING), None)
