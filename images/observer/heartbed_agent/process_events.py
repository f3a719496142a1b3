"""What is told of a process: the events that a dump, the kernel and py-spy make.

A dump is what the application writes of itself (``wsgi_app/dump.py``). It is
had through ``/proc/<pid>/root``, without entering the cell. It comes from a
container that may hold anything, so it is taken only from a plain file of a
plausible size, and nothing in it is believed to have any shape.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from heartbed.kernel.proc import PROC
from heartbed.kernel.threads import NotSeenError, of_task, switches
from heartbed_agent.processes import Process

DUMP_FOLDER = "run/heartbed"
LARGEST_DUMP = 16 * 1024 * 1024
"""Octets. One of nova's own processes has less than one million."""

Told = dict[str, dict[str, Any]]
"""Kind of event -> its data."""


def dumps(process: Process) -> dict[int, Path]:
    """The dumps that a process has written: n of ``dump-<pid>-<n>.json`` -> where that is as seen from here."""
    folder, start = PROC / str(process.host_pid) / "root" / DUMP_FOLDER, f"dump-{process.pid}-"
    found = {}
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{start}*.json"):
            number = path.stem.removeprefix(start)
            if number.isdecimal():
                found[int(number)] = path
    return found


def read_dump(path: Path) -> dict[str, Any]:
    """A dump. Raises ``NotSeenError`` for what is none."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(handle, "rb") as file:  # noqa: PTH123  the file descriptor is what was looked at
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST_DUMP:
                raise NotSeenError(f"{path.name} is no dump")
            told = json.loads(file.read(LARGEST_DUMP))
    except (OSError, ValueError) as error:
        raise NotSeenError(f"{path.name} cannot be read: {error}") from None
    if not isinstance(told, dict) or not isinstance(told.get("t"), int | float):
        raise NotSeenError(f"{path.name} is no dump")
    if "error" in told:
        raise NotSeenError(f"the process could not look at itself: {told['error']}")
    return told


def of_dump(dump: Mapping[str, Any]) -> Told:
    """All three events from what a process has written of itself. Raises ``NotSeenError`` when it cannot be used."""
    try:
        threads: Sequence[Mapping[str, Any]] = dump["threads"]
        named = [{key: each[key] for key in ("tid", "name", "has_hub")} for each in threads]
        return {
            "process.switches": {"threads": [switches(each) for each in threads]},
            "process.stacks": {"by": "itself", "threads": [of_task(each) for each in threads]},
            "process.greenlets": {"threads": named, "hubs": dump["hubs"], "greenlets": dump["greenlets"]},
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise NotSeenError(f"the dump is not understood: {type(error).__name__}: {error}") from None


def of_kernel(tasks: Mapping[int, Mapping[str, Any]], why: str) -> Told:
    """What is known without the process's own dump, for the reason ``why``; only py-spy tells what its threads do."""
    return {
        "process.switches": {"threads": [switches(each) for each in tasks.values()]},
        "process.greenlets": {"error": why},
    }
