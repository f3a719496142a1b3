"""Where the threads of a process stand: what the kernel tells, and what py-spy reads of Python without stopping it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from heartbed.kernel.threads import NotSeenError, reason, tasks_of, thread
from heartbed.record.event import Event
from heartbed.record.kinds import ProcessStacks, Thread

DEADLINE_S = 10.0
AT = "look"


def stacks(pid: int, *, spy: bool) -> Event[ProcessStacks]:
    """One process's threads, numbered as in its container; without ``spy`` only as the kernel tells of them."""
    t, began = time.time(), time.monotonic()
    try:
        tasks = tasks_of(pid)
        spied, error = _spied(pid) if spy else ({}, None)
    except (NotSeenError, OSError) as failure:
        return Event(ProcessStacks(at=AT, host_pid=pid, error=str(failure)), t, pid=pid)
    threads = [Thread.model_validate(thread(task, spied.get(tid))) for tid, task in tasks.items()]
    told: dict[str, Any] = {"at": AT, "host_pid": pid, "by": "py-spy" if spied else "kernel", "threads": threads}
    if error is not None:
        told["native_error"] = error
    took_ms = round((time.monotonic() - began) * 1000, 1)
    return Event(ProcessStacks(**told, took_ms=took_ms), t, pid=pid)


def _spied(pid: int) -> tuple[dict[int, dict[str, Any]], str | None]:
    """Thread -> what py-spy has of it, and why it has nothing."""
    command = [_program(), "dump", "--json", "--nonblocking", "--pid", str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=DEADLINE_S, text=True)
        if done.returncode:
            return {}, f"py-spy: {reason(done.stderr)}"
        return {each["os_thread_id"]: _of_sleeper(each) for each in json.loads(done.stdout)}, None
    except subprocess.TimeoutExpired:
        return {}, f"py-spy took more than {DEADLINE_S:.0f} s"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return {}, f"py-spy: {error}"


def _of_sleeper(spied: dict[str, Any]) -> dict[str, Any]:
    """Without stopping a process py-spy takes every thread for one that runs."""
    return {**spied, "active": False}


def _program() -> str:
    """The one that was installed beside this program, else whichever is found."""
    beside = Path(sys.executable).with_name("py-spy")
    return str(beside) if beside.is_file() else shutil.which("py-spy") or "py-spy"
