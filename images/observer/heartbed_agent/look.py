"""Looks at processes, one after another: context switches, stacks, then greenlets.

Run as ``python3 -m heartbed_agent.look``. Reads lines ``PID HOST_PID AT``: the
process as its cell numbers it and as the machine does, and the occasion. Writes
events without a cell, and ``{"end": CODE}`` after each look,
``{"failed": REASON}`` before it when there was nothing to see. It stays, because
to start Python anew costs more than a look does.

A look enters the cell's mount and process namespaces: there py-spy finds the
very files that the process has mapped, which it needs to unwind native frames,
and all numbers of processes and threads are those that the application uses.

The order matters. What is read from /proc does not disturb; py-spy stops the
process for some milliseconds; the signal comes last, because it makes a thread
run that would otherwise sleep.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from heartbed_agent import syscalls
from heartbed_agent.output import Output
from heartbed_agent.processes import PROC, read_status

PY_SPY = "/usr/local/bin/py-spy"
PY_SPY_DEADLINE_S = 5.0
DUMP_SIGNAL = signal.SIGUSR2
DUMP_FOLDER = Path("/run/heartbed")
DUMP_DEADLINE_S = 2.0
POLL_S = 0.005


class NotSeenError(Exception):
    """Why something could not be seen."""


def serve() -> None:
    """Look at whatever is asked for, until there is no more."""
    for line in sys.stdin:
        pid, host_pid, at = line.split()
        code = _in_a_child(partial(look, int(pid), int(host_pid), at))
        print(json.dumps({"end": code}), flush=True)


def look(pid: int, host_pid: int, at: str) -> int:
    """Enter the process's namespaces, for good, and look there. Returns the exit code."""
    try:
        py_spy = os.open(PY_SPY, os.O_RDONLY)
        processes, files = (os.open(f"/proc/{host_pid}/ns/{space}", os.O_RDONLY) for space in ("pid", "mnt"))
        os.setns(processes, os.CLONE_NEWPID)
        os.setns(files, os.CLONE_NEWNS)
    except OSError as error:
        print(json.dumps({"failed": f"the process cannot be reached: {error}"}), flush=True)
        return 1
    # Only a new process is in the process namespace that was entered.
    return _in_a_child(Look(pid, host_pid, at, py_spy).all)


def _in_a_child(work: Callable[[], int]) -> int:
    """Do ``work`` in a process of its own. Returns its exit code, negative for a signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = work()
        except Exception:  # noqa: BLE001  # its traceback is for the agent to tell
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Look:
    """Everything that is told of a process at one moment."""

    def __init__(self, pid: int, host_pid: int, at: str, py_spy: int) -> None:
        self._pid, self._host_pid, self._at, self._py_spy = pid, host_pid, at, py_spy
        self._output = Output()

    def all(self) -> int:
        """All three events, each with an ``error`` where it cannot be had. Returns 0."""
        tasks: dict[int, dict[str, Any]] = {}
        self._tell("process.switches", lambda: {"threads": self._switches(tasks)})
        self._tell("process.stacks", lambda: self._stacks(tasks))
        self._tell("process.greenlets", self._greenlets)
        return 0

    def _tell(self, kind: str, see: Callable[[], dict[str, Any]]) -> None:
        t = time.time()
        began = time.monotonic()
        try:
            data = see()
        except (NotSeenError, OSError) as error:
            data = {"error": str(error)}
        data = {"at": self._at, "host_pid": self._host_pid, **data}
        data["took_ms"] = round((time.monotonic() - began) * 1000, 1)
        self._output.emit(kind, data, t=data.pop("t", t), pid=self._pid)

    def _switches(self, tasks: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
        """Context switches of each OS thread. Notes in ``tasks`` what each is doing, before anything disturbs it."""
        threads = []
        for entry in (PROC / str(self._pid) / "task").iterdir():
            tid = int(entry.name)
            try:
                status = read_status(tid, entry.parent)
                tasks[tid] = _task(entry, status)
            except (OSError, KeyError):
                continue  # ended meanwhile
            threads.append(
                {
                    "tid": tid,
                    "voluntary": int(status["voluntary_ctxt_switches"]),
                    "involuntary": int(status["nonvoluntary_ctxt_switches"]),
                }
            )
        return threads

    def _stacks(self, tasks: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """Native and Python stacks by py-spy; only Python's, and why, where native unwinding fails."""
        data: dict[str, Any] = {}
        try:
            spied = self._spy("--native")
        except NotSeenError as error:
            spied = self._spy()
            data["native_error"] = str(error)
        threads = {each["os_thread_id"]: each for each in spied}
        if not tasks:
            raise NotSeenError("the kernel shows none of its threads: the observer lacks a capability")
        data["threads"] = [thread(tid, task, threads.get(tid)) for tid, task in sorted(tasks.items())]
        return data

    def _spy(self, *options: str) -> list[dict[str, Any]]:
        command = ["py-spy", "dump", "--json", *options, "--pid", str(self._pid)]
        try:
            done = subprocess.run(
                command,
                executable=f"/proc/self/fd/{self._py_spy}",
                pass_fds=[self._py_spy],
                capture_output=True,
                timeout=PY_SPY_DEADLINE_S,
                check=False,
            )
            if done.returncode == 0:
                spied: list[dict[str, Any]] = json.loads(done.stdout)
                return spied
        except subprocess.TimeoutExpired:
            raise NotSeenError(f"py-spy took more than {PY_SPY_DEADLINE_S:.0f} s") from None
        except ValueError as error:
            raise NotSeenError(f"py-spy's answer is not JSON: {error}") from None
        raise NotSeenError(f"py-spy: {_reason(done.stderr.decode(errors='replace'))}")

    def _greenlets(self) -> dict[str, Any]:
        """The dump that the application makes of itself on a signal."""
        if not catches(read_status(self._pid), DUMP_SIGNAL):
            raise NotSeenError(f"process {self._pid} does not wait for {DUMP_SIGNAL.name}")
        before = self._dumps()
        os.kill(self._pid, DUMP_SIGNAL)
        deadline = time.monotonic() + DUMP_DEADLINE_S
        while not (fresh := self._dumps() - before):
            if time.monotonic() > deadline:
                raise NotSeenError(f"no dump in {DUMP_FOLDER} within {DUMP_DEADLINE_S:.0f} s of {DUMP_SIGNAL.name}")
            time.sleep(POLL_S)
        dump: dict[str, Any] = json.loads(min(fresh, key=_number).read_text())
        dump.pop("pid", None)
        return dump

    def _dumps(self) -> set[Path]:
        return set(DUMP_FOLDER.glob(f"dump-{self._pid}-*.json"))


def _number(dump: Path) -> int:
    """The n of ``dump-<pid>-<n>.json``."""
    return int(dump.stem.rsplit("-", 1)[1])


def _task(entry: Path, status: dict[str, str]) -> dict[str, Any]:
    return {
        "name": status["Name"],
        "state": status["State"][:1],
        "syscall": syscalls.name((entry / "syscall").read_text()),
        "wchan": (entry / "wchan").read_text().strip("0\n") or None,
    }


def thread(tid: int, task: dict[str, Any], spied: dict[str, Any] | None) -> dict[str, Any]:
    """One OS thread: what the kernel knows of it, and its stack where py-spy has one."""
    told = {
        "tid": tid,
        "name": task["name"],
        "active": task["state"] == "R",
        "syscall": task["syscall"],
        "wchan": task["wchan"],
        "frames": [],
    }
    if spied is not None:
        told["name"] = spied["thread_name"] or task["name"]
        told["active"] = spied["active"]
        told["frames"] = [frame(each) for each in spied["frames"]]
    return told


def frame(spied: dict[str, Any]) -> dict[str, Any]:
    """One frame in the record's words. py-spy names a module for native frames only."""
    native = spied["module"] is not None
    return {
        "function": spied["name"],
        "file": spied["module"] or spied["filename"],
        "line": spied["line"],
        "native": native,
    }


def catches(status: dict[str, str], number: int) -> bool:
    """Whether a process handles a signal, or holds it back to wait for it; any other would be killed by it."""
    masks = int(status["SigCgt"], 16) | int(status["SigBlk"], 16)
    return bool(masks >> (number - 1) & 1)


def _reason(stderr: str) -> str:
    """py-spy's message without its backtrace."""
    lines = [line.strip() for line in stderr.partition("Stack backtrace")[0].splitlines()]
    return " ".join(line for line in lines if line) or "it failed without a word"


if __name__ == "__main__":
    serve()
