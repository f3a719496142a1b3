"""Fifty faults at random moments of a run: whatever is done to whichever container, no verdict is wrong.

Made up from a seed, ``HEARTBED_FAULTS_SEED``; ``HEARTBED_FAULTS`` says which are played, as ``11-20``.
"""

from __future__ import annotations

import contextlib
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import docker.errors
import pytest

from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance import harm
from tests.acceptance.harm import Harm
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SEED = int(os.environ.get("HEARTBED_FAULTS_SEED", "1"))
FIRST, _, LAST = os.environ.get("HEARTBED_FAULTS", "1-50").partition("-")
NATIVE, GREEN = "event-daemon-native", "prefork-daemon-eventlet"
SERVICES = (NATIVE, NATIVE, GREEN, "compute", "controls", "rabbitmq", "observer")
HARMS: tuple[Harm, ...] = (
    *(harm.pause, harm.pause_for_a_while, harm.pause_for_a_moment, harm.disconnect, harm.stop, harm.kill),
    *(harm.freeze_first_process, harm.freeze_first_process_for_a_while, harm.freeze_all_processes),
)
LONGEST_S = 400.0
"""A part that does not come up is waited for, as on a busy machine."""

PHASES = {"starting": 6.0, "opening": 2.0, "idle": 7.0, "asking": 0.5}
"""Phases of a run, and within how many seconds of their begin the fault comes."""


@dataclass(frozen=True)
class Fault:
    """One fault: what is done to which service, so long after a phase has begun."""

    number: int
    service: str
    harm: Harm
    phase: str
    after_s: float

    def __str__(self) -> str:
        return f"{self.number}: {self.harm.__name__} of {self.service}, {self.after_s:.1f} s into {self.phase}"


def faults() -> list[Fault]:
    """All of them; most come while the cells idle, when a wrong verdict is near."""
    chance = random.Random(SEED)  # noqa: S311  the same each time
    found = []
    for number in range(1, 51):
        phase = chance.choice([*PHASES, *["idle"] * 6])
        after_s = chance.uniform(0, PHASES[phase])
        found.append(Fault(number, chance.choice(SERVICES), chance.choice(HARMS), phase, after_s))
    return found


@pytest.mark.parametrize("fault", faults()[int(FIRST) - 1 : int(LAST or FIRST)], ids=str)
def test_no_verdict_is_wrong_whatever_is_done_to_a_container(tmp_path: Path, fault: Fault) -> None:
    program = Program(tmp_path / "runs")
    running = program.start("run", NATIVE, GREEN, "--quiet")
    begun = running.until_phase(fault.phase)
    time.sleep(max(0.0, begun.t + fault.after_s - time.time()))
    was_done = False
    # The container may not run yet, or the run may have come to its end meanwhile, and have taken it with it.
    with contextlib.suppress(docker.errors.APIError, LookupError), harm.container(program, fault.service) as container:
        fault.harm(container)
        was_done = True
    done = running.end(LONGEST_S)
    print(f"{fault}: {'done' if was_done else 'not done'}, exit {done.code} after {done.seconds:.0f} s")
    assert "Traceback" not in done.err
    assert program.left() == []
    if done.code == 4:  # it came to no record that could be judged: nothing is claimed
        return
    verdict = RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())
    fates = {cell.cell: cell for cell in verdict.cells}
    print(*(f"  {name}: {each.outcome}, {each.cause}" for name, each in fates.items()), sep="\n")
    assert not fates[NATIVE].outcome.bad, fates[NATIVE].why
    assert not fates[GREEN].outcome.good, fates[GREEN].why
    assert fates[GREEN].outcome in (Outcome.LOST, Outcome.INCONCLUSIVE), fates[GREEN].why
    assert done.code in (1, 3)
