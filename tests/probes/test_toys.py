"""A toy probe on real parts: what it does to containers is recorded, and undone by whatever a run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from heartbed import probes
from heartbed.places import ROOT
from heartbed.record import event as record
from heartbed.record import folder as runfolder
from heartbed.record.event import Event, only
from heartbed.record.kinds import Intervention, RunEnd
from heartbed.testbed.labels import LOCK_LABEL
from heartbed.verdict import judge
from tests.signals import UNIGNORED
from tests.unit.toys import toys

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELL = "prefork-daemon-native"
DEADLINE_S = 120.0


def start(runs: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*UNIGNORED, sys.executable, "-m", "tests.unit.toys", *arguments],
        env={**os.environ, "HEARTBED_RUNS": str(runs)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def events(runs: Path) -> list[Event]:
    return record.read(runfolder.every(runs)[-1]) if runfolder.every(runs) else []


def until(wanted: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not wanted():
        assert time.monotonic() < deadline, f"{what} within {DEADLINE_S:.0f} s"
        time.sleep(0.1)


def paused(runs: Path) -> list[str]:
    """The containers of these runs that stand still."""
    client = docker.from_env()
    found = client.containers.list(all=True, ignore_removed=True, filters={"status": "paused"})
    return [str(each.name) for each in found if str(runs) in each.labels.get(LOCK_LABEL, "")]


def left(runs: Path) -> list[str]:
    client = docker.from_env()
    return [
        str(each.name)
        for each in client.containers.list(all=True, ignore_removed=True)
        if str(runs) in each.labels.get(LOCK_LABEL, "")
    ]


def frozen(runs: Path, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
    """A run that is in the middle of what the toy does."""
    process = start(runs, "run", CELL, "--quiet", *arguments)
    until(lambda: process.poll() is not None or len(paused(runs)) == 2, "cell and broker do not stand still")
    assert process.poll() is None, process.communicate()[0]
    return process


def test_cell_and_broker_stand_still_and_go_on(tmp_path: Path) -> None:
    process = start(tmp_path, "run", CELL, "--quiet", "--probe", "idle,freeze:for=1:broker=1")
    said, _ = process.communicate(timeout=DEADLINE_S)
    told = events(tmp_path)
    assert [event.data.status for event in only(told, RunEnd)] == ["complete"], said
    over = [event.data for event in only(told, Intervention) if event.data.ended is not None]
    assert [each.where for each in over] == ["rabbitmq", f"{CELL}.freeze"]
    assert all(1.0 <= (each.ended or 0) - each.begun < 3.0 for each in over)
    with toys():
        verdict = judge(told, probes.rules())
    assert [(each.cell, each.probe) for each in verdict.cells] == [(CELL, "idle"), (CELL, "freeze:for=1:broker=1")]
    assert verdict.cells[0].outcome == "kept", "what shares a broker with no fault is judged as ever"
    assert left(tmp_path) == []


def test_an_interruption_undoes_it(tmp_path: Path) -> None:
    process = frozen(tmp_path, ("--probe", "freeze:for=60:broker=1"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=DEADLINE_S)
    told = events(tmp_path)
    assert [event.data.status for event in only(told, RunEnd)] == ["interrupted"]
    over = {event.data.where for event in only(told, Intervention) if event.data.ended is not None}
    assert over == {"rabbitmq", CELL}
    assert left(tmp_path) == []


def test_what_a_killed_run_leaves_is_swept_by_the_next_start(tmp_path: Path) -> None:
    process = frozen(tmp_path, ("--probe", "freeze:for=60:broker=1"))
    process.kill()
    process.communicate(timeout=DEADLINE_S)
    assert len(paused(tmp_path)) == 2
    again = start(tmp_path, "run", CELL, "--quiet")
    until(lambda: again.poll() is not None or not paused(tmp_path), "the next start does not sweep")
    again.communicate(timeout=DEADLINE_S)
    assert again.returncode == 0
    assert left(tmp_path) == []
