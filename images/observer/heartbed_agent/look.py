"""Takes native stacks by py-spy, of one process after another.

Run as ``python3 -I -m heartbed_agent.look``. Reads lines ``PID HOST_PID MOST_S``:
the process as its cell numbers it and as the machine does, and for how many
seconds a look may have it stopped. For each it writes one line of JSON: the data
of ``process.stacks``, with ``error`` where there is nothing to see. It stays,
because to start Python anew costs more than a look does.

py-spy stops a process to unwind its native frames, mostly for tenths of a
second; on some stacks it has come to no end. A process that is stopped sends no
heartbeats, so py-spy is killed in time, which lets the process go on.

A look enters the cell's mount and process namespaces: there py-spy finds the
very files that the process has mapped, which it needs to unwind native frames,
and all numbers of processes and threads are those that the application uses.
What enters is a child that does nothing there but become py-spy, which is one
file with all that it needs. No Python module is looked for among the cell's
files, and of all its rights the child keeps only that of reading a process.
"""

from __future__ import annotations

import contextlib
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
POLL_S = 0.02
STOPPED = "t"
"""The kernel's word for a process that another one is tracing, and has stopped."""
READ_OCTETS = 65536
PY_SPY_MOST_OCTETS = 32 * 1024 * 1024


def serve() -> None:
    """Look at whatever is asked for, until there is no more."""
    for line in sys.stdin:
        pid, host_pid, most_s = line.split()
        try:
            told = look(int(pid), int(host_pid), float(most_s))
        except (NotSeenError, OSError) as error:
            told = {"error": str(error)}
        print(json.dumps(told, separators=(",", ":")), flush=True)


class Stop:
    """For how long a process has been stopped by a look at it, which may be ``most_s`` seconds altogether."""

    def __init__(self, host_pid: int, most_s: float) -> None:
        self._stat = f"/proc/{host_pid}/stat"
        self._most_s = most_s
        self._before_s = 0.0
        self._since: float | None = None

    @property
    def total_s(self) -> float:
        """All that was seen of it until now, seconds."""
        return self._before_s + (0.0 if self._since is None else time.monotonic() - self._since)

    @property
    def over(self) -> bool:
        """Whether it has been for too long."""
        return self.total_s > self._most_s

    def watch(self) -> None:
        """Look whether it is stopped at this moment. Raises ``NotSeenError`` where it has been for too long."""
        if not self._stopped():
            self._before_s, self._since = self.total_s, None
        elif self._since is None:
            self._since = time.monotonic()
        elif self.over:
            raise NotSeenError(f"py-spy had the process stopped for {self.total_s:.1f} s, and was given up")

    def _stopped(self) -> bool:
        try:
            with open(self._stat, "rb") as stat:  # noqa: PTH123  many times a second
                return stat.read().rpartition(b") ")[2][:1].decode() == STOPPED
        except OSError:
            return False


def look(pid: int, host_pid: int, most_s: float) -> dict[str, Any]:
    """Native and Python stacks by py-spy; only Python's, and why, where native unwinding fails or takes too long."""
    t, began = time.time(), time.monotonic()
    tasks = tasks_of(host_pid)  # before anything disturbs them
    data: dict[str, Any] = {"t": t, "by": "py-spy"}
    stop = Stop(host_pid, most_s)
    try:
        spied, native_error = _spied(pid, host_pid, stop)
    except (NotSeenError, OSError) as error:
        data["error"] = str(error)
    else:
        threads = {each["os_thread_id"]: each for each in spied}
        data["threads"] = [thread(task, threads.get(tid)) for tid, task in tasks.items()]
        data |= {"native_error": native_error} if native_error else {}
    took_s = time.monotonic() - began
    return data | {"took_ms": round(took_s * 1000, 1), "stopped_ms": round(stop.total_s * 1000, 1)}


def _spied(pid: int, host_pid: int, stop: Stop) -> tuple[list[dict[str, Any]], str]:
    """The stacks, and why native frames are not in them; empty where they are."""
    try:
        return _spy(pid, host_pid, stop, "--native"), ""
    except NotSeenError as error:
        if stop.over:
            raise
        return _spy(pid, host_pid, stop), str(error)


def _spy(pid: int, host_pid: int, stop: Stop, *options: str) -> list[dict[str, Any]]:
    command = ["py-spy", "dump", "--json", *options, "--pid", str(pid)]
    code, answer, complaint = _inside(host_pid, command, stop)
    if code:
        raise NotSeenError(f"py-spy: {reason(complaint.decode(errors='replace'))}")
    try:
        spied: list[dict[str, Any]] = json.loads(answer)
    except ValueError as error:
        raise NotSeenError(f"py-spy's answer is not JSON: {error}") from None
    return spied


def _inside(host_pid: int, command: list[str], stop: Stop) -> tuple[int, bytes, bytes]:
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
        said = _read((out[0], err[0]), stop)
    except NotSeenError:
        os.killpg(child, signal.SIGKILL)
        raise
    finally:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with contextlib.suppress(NotSeenError):
            stop.watch()
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


def _read(handles: tuple[int, int], stop: Stop) -> tuple[bytes, bytes]:
    """What comes from both, until their ends. Raises ``NotSeenError`` for too much, or too late."""
    said: dict[int, bytearray] = {handle: bytearray() for handle in handles}
    deadline = time.monotonic() + PY_SPY_DEADLINE_S
    with selectors.DefaultSelector() as selector:
        for handle in handles:
            selector.register(handle, selectors.EVENT_READ)
        try:
            while selector.get_map():
                ready = selector.select(POLL_S)
                stop.watch()
                if time.monotonic() > deadline:
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
