"""What others do to a run while it idles: it is told as such, and no cell is blamed for it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from heartbed.record.event import Event, only
from heartbed.record.kinds import RunPhase
from heartbed.testbed import labels
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELL = "prefork-daemon-native"
INTO_S = 0.5
"""How far into the window it is done: a client that beats may lose its connection within the rest of it."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "runs")


@contextlib.contextmanager
def _container(program: Program, service: str) -> Iterator[Any]:
    with contextlib.closing(docker.from_env()) as client:
        found = client.containers.list(filters={"label": labels.LOCK_LABEL})
        (container,) = [
            each
            for each in found
            if each.labels[labels.LOCK_LABEL].startswith(f"{program.runs}/")
            and each.labels["com.docker.compose.service"] == service
        ]
        yield container


def pause(container: Any) -> None:
    container.pause()


def pause_for_a_while(container: Any) -> None:
    container.pause()
    time.sleep(5.5)
    container.unpause()


def disconnect(container: Any) -> None:
    container.reload()
    for name in container.attrs["NetworkSettings"]["Networks"]:
        container.client.networks.get(name).disconnect(container)


KILL_THE_AGENT = """
import os, pathlib
own = pathlib.Path("/proc/self/cgroup").read_text()
for each in pathlib.Path("/proc").glob("[0-9]*"):
    if int(each.name) == os.getpid():
        continue
    try:
        if b"heartbed_agent" in (each / "cmdline").read_bytes() and (each / "cgroup").read_text() == own:
            os.kill(int(each.name), 9)
            print("killed", each.name)
    except (FileNotFoundError, ProcessLookupError):
        continue
"""
"""Whatever of the agent runs in this container, which may share the machine's process numbers."""


def kill_the_agent(container: Any) -> None:
    code, said = container.exec_run(["python3", "-c", KILL_THE_AGENT], user="0")
    assert (code, b"killed" in said) == (0, True), said


def judged(program: Program, service: str, fault: Callable[[Any], None]) -> tuple[int, RunVerdict]:
    """The exit code and the verdict of a run to one of whose services this is done in the window."""
    running = program.start("run", CELL, "--quiet")
    idle: Event = running.until_phase("idle")
    time.sleep(max(0.0, idle.t + INTO_S - time.time()))
    with _container(program, service) as container:
        fault(container)
    done = running.end()
    assert only(program.events(), RunPhase)[-1].data.phase == "dissecting", done
    assert program.left() == []
    return done.code, RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (pause, "its container was paused"),
        (pause_for_a_while, "its container was paused for 5."),
        (disconnect, "its container was taken off the network"),
    ],
)
def test_a_native_cell_that_is_frozen_or_cut_off_is_not_blamed(
    program: Program, fault: Callable[[Any], None], words: str
) -> None:
    code, verdict = judged(program, CELL, fault)
    (cell,) = verdict.cells
    assert (code, cell.outcome, cell.cause) == (3, Outcome.INCONCLUSIVE, "disturbed"), cell.why
    assert words in cell.why
    lost = [each for each in cell.connections if each.closed is not None]
    assert {each.outcome for each in lost} <= {Outcome.INCONCLUSIVE}, [each.why for each in lost]


@pytest.mark.parametrize(
    ("service", "fault", "words"),
    [
        ("compute", pause, "the container compute was paused"),
        ("compute", disconnect, "the control compute must be"),
        ("observer", kill_the_agent, "of the idle period only: the agent has ended"),
    ],
)
def test_a_part_of_the_testbed_that_fails_is_named_and_no_cell_is_judged(
    program: Program, service: str, fault: Callable[[Any], None], words: str
) -> None:
    code, verdict = judged(program, service, fault)
    assert (code, verdict.outcome) == (3, Outcome.INCONCLUSIVE)
    assert {cell.cause for cell in verdict.cells} == {"control_failed"}
    assert words in verdict.reason


def test_without_a_fault_the_same_cell_is_kept_and_the_rpc_server_answers(program: Program) -> None:
    code, verdict = judged(program, CELL, lambda _: None)
    assert (code, verdict.outcome) == (0, Outcome.KEPT)
    assert all(control.ok for control in verdict.controls)
