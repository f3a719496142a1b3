"""Runs ``heartbed`` as a user does, and sees what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import docker

from heartbed.places import ROOT
from heartbed.record import event as record
from heartbed.record.event import Event
from heartbed.record.kinds import CellState, RunPhase
from heartbed.testbed import labels
from heartbed.waiting import Deadline
from tests.signals import UNIGNORED

HEARTBED = Path(sys.executable).with_name("heartbed")
DEADLINE_S = 120.0
SETTLED_S = 20.0
"""What a killed run has started in Docker may come into being after it, as long as this on a busy machine."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass
class Program:
    """``heartbed`` with a folder of runs of its own, by which all that it makes can be told."""

    runs: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def _environ(self) -> dict[str, str]:
        return {**os.environ, "COLUMNS": "100", "HEARTBED_RUNS": str(self.runs), **self.environ}

    def start(self, *arguments: str) -> Running:
        """Start a command."""
        process = subprocess.Popen(
            [*UNIGNORED, HEARTBED, *arguments],
            env=self._environ(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        return Running(self, process)

    def __call__(self, *arguments: str) -> Done:
        """Run a command to its end."""
        return self.start(*arguments).end()

    @property
    def newest(self) -> Path:
        """The folder of the newest run."""
        return (self.runs / "latest").resolve()

    def events(self) -> list[Event]:
        """The newest run's record, as far as it goes."""
        return record.read(self.newest)

    def containers(self) -> list[str]:
        """Names of the containers that its runs have at this moment."""
        with contextlib.closing(docker.from_env()) as client:
            found = client.api.containers(all=True, filters={"label": labels.LOCK_LABEL})
        return [each["Names"][0] for each in found if self._made(each)]

    def left(self) -> list[str]:
        """What its runs have in Docker, and its processes: nothing, once they have ended."""
        left = self.containers() + self._processes()
        with contextlib.closing(docker.from_env()) as client:
            filters = {"label": labels.LOCK_LABEL}
            left += [f"network {each['Name']}" for each in client.api.networks(filters=filters) if self._made(each)]
            volumes = client.api.volumes(filters=filters)["Volumes"] or ()
            return left + [f"volume {each['Name']}" for each in volumes if self._made(each)]

    def left_at_last(self) -> list[str]:
        """What is left of runs that were killed once what they had begun has come into being, or to its own end."""
        deadline = Deadline(SETTLED_S)
        while (left := self.left()) and not deadline.passed:
            time.sleep(0.1)
        return left

    def _made(self, thing: Mapping[str, Mapping[str, str]]) -> bool:
        return thing["Labels"][labels.LOCK_LABEL].startswith(f"{self.runs}/")

    def _processes(self) -> list[str]:
        """Whatever it started has inherited its environment, whoever's child it is by now."""
        mark = f"HEARTBED_RUNS={self.runs}".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (process / "environ").read_bytes().split(b"\0"):
                    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found += [f"process {process.name}: {command}"] if command else []
        return found


@dataclass
class Running:
    """A command that goes on."""

    program: Program
    process: subprocess.Popen[str]
    started: float = field(default_factory=time.monotonic)

    def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Wait for an event in the newest run's record."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):  # there is no record yet, or its first line is not whole
                if found := next((event for event in self.program.events() if wanted(event)), None):
                    return found
            assert self.process.poll() is None, f"it ended before the event came: {self.end()}"
            time.sleep(0.02)
        raise AssertionError(f"the event did not come within {DEADLINE_S} s: {self.program.events()[-1]}")

    def until_phase(self, phase: str) -> Event:
        """Wait until the run enters a phase."""
        return self.until(lambda event: isinstance(event.data, RunPhase) and event.data.phase == phase)

    def until_state(self, state: str) -> Event:
        """Wait until one of its cells is in a state."""
        return self.until(lambda event: isinstance(event.data, CellState) and event.data.state == state)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, within_s: float = DEADLINE_S) -> Done:
        """Wait until it has ended."""
        try:
            out, err = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            out, err = self.process.communicate()
            raise AssertionError(f"it did not end within {within_s} s: {out}\n{err}") from None
        return Done(self.process.returncode, out, err, time.monotonic() - self.started)
