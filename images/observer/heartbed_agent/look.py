"""Takes native stacks by py-spy, of one process after another.

Run as ``python3 -I -m heartbed_agent.look``. Reads lines ``PID HOST_PID``: the
process as its cell numbers it and as the machine does. For each it writes one
line of JSON: the data of ``process.stacks``, or ``{"error": REASON}``. It stays,
because to start Python anew costs more than a look does.

A look enters the cell's mount and process namespaces: there py-spy finds the
very files that the process has mapped, which it needs to unwind native frames,
and all numbers of processes and threads are those that the application uses.
What enters is a child that does nothing there but become py-spy, which is one
file with all that it needs. No Python module is looked for among the cell's
files, and of all its rights the child keeps only that of reading a process.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import sys
import time
from typing import Any, NoReturn

from heartbed.kernel.threads import NotSeenError, reason, tasks_of, thread
from heartbed_agent import rights

PY_SPY = "/usr/local/bin/py-spy"
PY_SPY_DEADLINE_S = 5.0
READ_OCTETS = 65536
PY_SPY_MOST_OCTETS = 32 * 1024 * 1024


def serve() -> None:
    """Look at whatever is asked for, until there is no more."""
    for line in sys.stdin:
        pid, host_pid = line.split()
        try:
            told = look(int(pid), int(host_pid))
        except (NotSeenError, OSError) as error:
            told = {"error": str(error)}
        print(json.dumps(told, separators=(",", ":")), flush=True)


def look(pid: int, host_pid: int) -> dict[str, Any]:
    """Native and Python stacks by py-spy; only Python's, and why, where native unwinding fails."""
    t, began = time.time(), time.monotonic()
    tasks = tasks_of(host_pid)  # before anything disturbs them
    data: dict[str, Any] = {"t": t, "by": "py-spy"}
    try:
        spied = _spy(pid, host_pid, "--native")
    except NotSeenError as error:
        spied = _spy(pid, host_pid)
        data["native_error"] = str(error)
    threads = {each["os_thread_id"]: each for each in spied}
    data["threads"] = [thread(task, threads.get(tid)) for tid, task in tasks.items()]
    return data | {"took_ms": round((time.monotonic() - began) * 1000, 1)}


def _spy(pid: int, host_pid: int, *options: str) -> list[dict[str, Any]]:
    command = ["py-spy", "dump", "--json", *options, "--pid", str(pid)]
    code, answer, complaint = _inside(host_pid, command)
    if code:
        raise NotSeenError(f"py-spy: {reason(complaint.decode(errors='replace'))}")
    try:
        spied: list[dict[str, Any]] = json.loads(answer)
    except ValueError as error:
        raise NotSeenError(f"py-spy's answer is not JSON: {error}") from None
    return spied


def _inside(host_pid: int, command: list[str]) -> tuple[int, bytes, bytes]:
    """Run py-spy in the namespaces of a process: its exit code and what it has said. Raises ``NotSeenError``."""
    spaces = [os.open(f"/proc/{host_pid}/ns/{space}", os.O_RDONLY) for space in ("pid", "mnt")]
    py_spy = os.open(PY_SPY, os.O_RDONLY)
    out, err = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _enter(spaces, py_spy, (out[1], err[1]), command)
    for handle in (*spaces, py_spy, out[1], err[1]):
        os.close(handle)
    try:
        said = _read((out[0], err[0]))
    except NotSeenError:
        os.killpg(child, signal.SIGKILL)
        raise
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code, *said


def _enter(spaces: list[int], py_spy: int, said: tuple[int, int], command: list[str]) -> NoReturn:
    """In the child: enter, and become py-spy. Everything that is used here was imported long ago."""
    try:
        os.setpgid(0, 0)
        os.dup2(said[0], 1)
        os.dup2(said[1], 2)
        processes, files = spaces
        os.setns(processes, os.CLONE_NEWPID)
        os.setns(files, os.CLONE_NEWNS)
        # Only a new process is in the process namespace that was entered.
        inner = os.fork()
        if inner == 0:
            rights.keep_only(rights.SYS_PTRACE)
            os.execve(py_spy, command, {"RUST_BACKTRACE": "0"})  # noqa: S606  no shell is wanted
        os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) & 0xFF)
    except OSError as error:
        os.write(2, f"the process cannot be reached: {error}".encode())
    finally:
        os._exit(1)


def _read(handles: tuple[int, int]) -> tuple[bytes, bytes]:
    """What comes from both, until their ends. Raises ``NotSeenError`` for too much, or too late."""
    said: dict[int, bytearray] = {handle: bytearray() for handle in handles}
    deadline = time.monotonic() + PY_SPY_DEADLINE_S
    with selectors.DefaultSelector() as selector:
        for handle in handles:
            selector.register(handle, selectors.EVENT_READ)
        try:
            while selector.get_map():
                if not (ready := selector.select(max(0.0, deadline - time.monotonic()))):
                    raise NotSeenError(f"py-spy took more than {PY_SPY_DEADLINE_S:.0f} s")
                for key, _ in ready:
                    if not (some := os.read(key.fd, READ_OCTETS)):
                        selector.unregister(key.fd)
                    said[key.fd] += some
                    if len(said[key.fd]) > PY_SPY_MOST_OCTETS:
                        raise NotSeenError("py-spy says more than can be")
        finally:
            for handle in handles:
                os.close(handle)
    return bytes(said[handles[0]]), bytes(said[handles[1]])


if __name__ == "__main__":
    serve()
