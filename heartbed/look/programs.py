"""The processes that hold connections, as the host shows each: what serves there, with which Python and libraries."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TypeVar

import psutil

from heartbed import servers
from heartbed.kernel import proc
from heartbed.look import environment
from heartbed.look.belonging import Belonging, belonging
from heartbed.look.bridge import check_command
from heartbed.look.engine import started
from heartbed.record.kinds import LookProcess
from heartbed.servers.running import Program, Running

T = TypeVar("T")

MAPPED = re.compile(r"^(?:\S+ +){5}(/.*)$", re.MULTILINE)
ACCEPTS = 0x10000
"""The flag of a Unix socket that listens (__SO_ACCEPTCON)."""

TIMEOUT = "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD"
UNPATCHED = "OS_NOVA_DISABLE_EVENTLET_PATCHING"
TRUE = ("1", "true", "yes", "on")


class Programs:
    """Processes as the host shows them; each is read once, however many others it is a parent of."""

    def __init__(self) -> None:
        self._environments = environment.Environments()
        self._read: dict[int, Program] = {}

    def program(self, pid: int) -> Program:
        """A process with those above it, as far as they may be seen.

        Raises ``psutil.NoSuchProcess`` where it has ended.
        """
        process = psutil.Process(pid)
        above = tuple(self._one(each) for each in process.parents() if each.pid > 1)
        return replace(self._one(process), parents=above)

    def _one(self, process: psutil.Process) -> Program:
        if process.pid not in self._read:
            self._read[process.pid] = _as_started(_program(process))
        return self._read[process.pid]

    def describe(self, pid: int) -> LookProcess:
        """What is known of a process. Raises ``psutil.NoSuchProcess`` or ``OSError`` where it has ended."""
        seen = self.program(pid)
        process, belongs = psutil.Process(pid), belonging(pid)
        running = next((found for each in servers.families().values() if (found := each.running(seen))), None)
        python = environment.python(seen)
        # A worker that has written its title over its environment was forked with its server's.
        environ = seen.environ or (running.leader.environ if running else {})
        switch = environ.get(UNPATCHED)
        asked = environ.get(TIMEOUT, "")
        command, remarks = check_command(running, belongs)
        return LookProcess(
            name=seen.name,
            user=_seen(process.username, ""),
            started=round(time.time() - age_s(process), 2),
            server=running.server if running else _other(seen, python),
            group=_group(running, seen, belongs),
            container=belongs.container,
            unit=belongs.unit,
            python=python,
            green=environment.green(seen),
            patching=None if switch is None else switch.lower() not in TRUE,
            versions=self._environments.versions(seen, python),
            asked_s=int(asked) if asked.isdecimal() else None,
            conf=running.conf if running else None,
            check=command,
            remarks=list(remarks),
        )


def _program(process: psutil.Process) -> Program:
    return Program(
        pid=process.pid,
        name=process.name(),
        argv=tuple(_seen(process.cmdline, [])),
        exe=_seen(process.exe, ""),
        cwd=_seen(process.cwd, ""),
        root=proc.PROC / str(process.pid) / "root",
        environ=_seen(process.environ, {}),
        maps=_maps(process.pid),
        listens=_listens(process.pid),
    )


def _as_started(seen: Program) -> Program:
    """A process that has written its title over its command line and its environment, as its container was told them.

    That is what setproctitle does, wherever it is installed beside gunicorn.
    """
    if seen.environ:
        return seen
    with contextlib.suppress(OSError):
        belongs = belonging(seen.pid)
        if belongs.container and (told := started(belongs.container, belongs.engine, seen.pid)):
            return replace(seen, argv=told.argv, environ=told.environ)
    return seen


def _seen(ask: Callable[[], T], otherwise: T) -> T:
    """What a process tells of itself, where it may be seen."""
    try:
        return ask()
    except (psutil.AccessDenied, psutil.ZombieProcess, OSError):
        return otherwise


def _maps(pid: int) -> frozenset[str]:
    """The files that a process has mapped. psutil sums up their pages too, which takes a hundred times as long."""
    with contextlib.suppress(OSError):
        return frozenset(MAPPED.findall((proc.PROC / str(pid) / "maps").read_text(errors="replace")))
    return frozenset()


def _listens(pid: int) -> frozenset[str]:
    """The paths of the Unix sockets that a process has, and on which it or another one listens."""
    found = set()
    with contextlib.suppress(OSError):
        own = proc.sockets(pid)
        for line in (proc.PROC / str(pid) / "net" / "unix").read_text(errors="replace").splitlines()[1:]:
            fields = line.split(maxsplit=7)
            if len(fields) == 8 and int(fields[3], 16) & ACCEPTS and int(fields[6]) in own:
                found.add(fields[7])
    return frozenset(found)


def age_s(process: psutil.Process) -> float:
    """For how long a process has run, seconds, whatever became of the wall clock meanwhile."""
    since_boot = process.create_time() - psutil.boot_time()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot


def _group(running: Running | None, seen: Program, belongs: Belonging) -> str:
    leader = running.leader.pid if running else seen.leader(lambda parent: parent.argv == seen.argv).pid
    return f"{(belongs.container or '')[:12]} {leader}".strip()


def _other(seen: Program, python: str | None) -> str:
    """A process that no family of servers knows, by its program or by what its Python runs; no more of its words."""
    if python is None:
        return f"{seen.name}, no Python"
    words = seen.words[1:]
    for number, word in enumerate(words):
        if word == "-m" and number + 1 < len(words):
            return f"Python, {words[number + 1]}"
        if not word.startswith("-"):
            return f"Python, {PurePosixPath(word).name}"
    return f"Python, {seen.name}"
