"""The OS threads of a process: what the kernel knows of each, and the stack that py-spy has of it.

What comes of it is in the words of ``process.stacks`` and ``process.switches`` (docs/record.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heartbed.kernel import syscalls
from heartbed.kernel.proc import PROC, read_status

DUMPER = "heartbed-dump"
"""What the application's thread is called that writes its dumps (``wsgi_app.dump``)."""


class NotSeenError(Exception):
    """Why something could not be seen."""


def tasks_of(host_pid: int, *, inside: bool = True) -> dict[int, dict[str, Any]]:
    """A process's OS threads by number, each without frames: numbered as in its own container, or as on the machine.

    Raises ``NotSeenError`` when the kernel shows none.
    """
    found = {}
    with contextlib.suppress(OSError):
        for entry in (PROC / str(host_pid) / "task").iterdir():
            with contextlib.suppress(OSError, KeyError, ValueError):  # ended meanwhile
                task = _task(entry, inside=inside)
                found[task["tid"]] = task
    if not found:
        raise NotSeenError("the kernel shows none of its threads: it has ended, or the observer lacks a capability")
    return dict(sorted(found.items()))


def signal_dumper(host_pid: int, number: int) -> None:
    """Send a signal to the thread that writes a process's dumps; to the process where it has none. Raises ``OSError``.

    One that is sent to the process goes to any of its threads, and to another than the first while py-spy holds that.
    What the signal is to wake is woken by a thread that runs Python, which a server's own threads may not.
    """
    tid = _dumper(host_pid)
    if tid is None:
        os.kill(host_pid, number)
    elif ctypes.CDLL(None, use_errno=True).tgkill(host_pid, tid, number):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _dumper(host_pid: int) -> int | None:
    for entry in (PROC / str(host_pid) / "task").iterdir():
        with contextlib.suppress(OSError):  # ended meanwhile
            if (entry / "comm").read_text().strip() == DUMPER:
                return int(entry.name)
    return None


def _task(entry: Path, *, inside: bool) -> dict[str, Any]:
    status = read_status(int(entry.name), entry.parent)
    return {
        "tid": int(status["NSpid"].split()[-1]) if inside else int(entry.name),
        "name": status["Name"],
        "state": status["State"][:1],
        "syscall": (entry / "syscall").read_text(),
        "wchan": (entry / "wchan").read_text().strip("0\n") or None,
        "voluntary": int(status["voluntary_ctxt_switches"]),
        "involuntary": int(status["nonvoluntary_ctxt_switches"]),
    }


def switches(task: Mapping[str, Any]) -> dict[str, Any]:
    """One OS thread's context switches."""
    return {key: task[key] for key in ("tid", "voluntary", "involuntary")}


def thread(task: Mapping[str, Any], spied: Mapping[str, Any] | None) -> dict[str, Any]:
    """One OS thread: what the kernel knows of it, and its stack where py-spy has one."""
    told = of_task({**task, "frames": []})
    if spied is not None:
        told["name"] = spied["thread_name"] or task["name"]
        told["python_name"] = bool(spied["thread_name"])
        told["active"] = spied["active"]
        told["frames"] = [frame(each) for each in spied["frames"]]
    return told


def frame(spied: Mapping[str, Any]) -> dict[str, Any]:
    """One frame in the record's words. py-spy names a module for native frames only."""
    native = spied["module"] is not None
    return {
        "function": spied["name"],
        "file": spied["module"] or spied["filename"],
        "line": spied["line"],
        "native": native,
    }


def of_task(task: Mapping[str, Any]) -> dict[str, Any]:
    """One OS thread, with the frames that are told of it."""
    return {
        "tid": task["tid"],
        "name": task["name"],
        "active": task["state"] == "R",
        "syscall": syscalls.name(task["syscall"]),
        "wchan": task["wchan"],
        "frames": task["frames"],
    }


def reason(stderr: str) -> str:
    """py-spy's message without its backtrace."""
    lines = [line.strip() for line in stderr.partition("Stack backtrace")[0].splitlines()]
    return " ".join(line for line in lines if line) or "it failed without a word"
