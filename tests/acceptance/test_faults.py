"""What others do to a run while it idles: it is told as such, and no cell is blamed for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from heartbed.record.event import Event, only
from heartbed.record.kinds import RunPhase
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance import harm
from tests.acceptance.harm import Harm
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELL = "prefork-daemon-native"
INTO_S = 0.5
"""How far into the window it is done: a client that beats may lose its connection within the rest of it."""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "runs")


def judged(program: Program, service: str, fault: Harm) -> tuple[int, RunVerdict]:
    """The exit code and the verdict of a run to one of whose services this is done in the window."""
    running = program.start("run", CELL, "--quiet")
    idle: Event = running.until_phase("idle")
    time.sleep(max(0.0, idle.t + INTO_S - time.time()))
    with harm.container(program, service) as container:
        fault(container)
    done = running.end()
    assert only(program.events(), RunPhase)[-1].data.phase == "dissecting", done
    assert program.left() == []
    return done.code, RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (harm.pause, "its container was paused"),
        (harm.pause_for_a_while, "its container was paused for 5."),
        (harm.disconnect, "its container was taken off the network"),
    ],
)
def test_a_native_cell_that_is_frozen_or_cut_off_is_not_blamed(program: Program, fault: Harm, words: str) -> None:
    code, verdict = judged(program, CELL, fault)
    (cell,) = verdict.cells
    assert (code, cell.outcome, cell.cause) == (3, Outcome.INCONCLUSIVE, "disturbed"), cell.why
    assert words in cell.why
    lost = [each for each in cell.connections if each.closed is not None]
    assert {each.outcome for each in lost} <= {Outcome.INCONCLUSIVE}, [each.why for each in lost]


@pytest.mark.parametrize(
    ("service", "fault", "words"),
    [
        ("compute", harm.pause, "the container compute was paused"),
        ("compute", harm.disconnect, "the control compute must be"),
        ("observer", harm.kill_the_agent, "the control machine must be"),
    ],
)
def test_a_part_of_the_testbed_that_fails_is_named_and_no_cell_is_judged(
    program: Program, service: str, fault: Harm, words: str
) -> None:
    code, verdict = judged(program, service, fault)
    assert (code, verdict.outcome) == (3, Outcome.INCONCLUSIVE)
    assert {cell.cause for cell in verdict.cells} == {"control_failed"}
    assert words in verdict.reason


def test_without_a_fault_the_same_cell_is_kept_and_the_rpc_server_answers(program: Program) -> None:
    code, verdict = judged(program, CELL, lambda _: None)
    assert (code, verdict.outcome) == (0, Outcome.KEPT)
    assert all(control.ok for control in verdict.controls)
