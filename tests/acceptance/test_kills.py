"""Forty runs and checks that are killed at random moments: after the next start nothing of them is left.

The moments are made up from a seed, ``HEARTBED_KILLS_SEED``; ``HEARTBED_KILLS`` says how many there are.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from heartbed.candidates.workbench import FOLDER
from heartbed.waiting import Deadline
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SEED = int(os.environ.get("HEARTBED_KILLS_SEED", "1"))
KILLS = int(os.environ.get("HEARTBED_KILLS", "40"))
CONF = Path(__file__).parent.parent / "unit" / "data" / "candidate" / "kolla-nova.conf"
COMMANDS = {
    ("run", "{prefork,event}-daemon-native", "--quiet"): 25.0,
    ("check", str(CONF), "--no-mend", "--probe", "idle", "--quiet"): 35.0,
}
"""What is killed -> within how many seconds of its start: about as long as it takes by itself."""

SETTLED_S = 20.0
"""What a killed run has started in Docker may come into being after it, as long as this on a busy machine."""


def test_whenever_a_run_is_killed_the_next_start_leaves_nothing_of_it(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  the same each time
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = Program(tmp_path / "runs", {"TMPDIR": str(temporary)})
    before, ended = set(FOLDER.glob("*")), 0
    for number in range(1, KILLS + 1):
        command, longest_s = chance.choice([*COMMANDS.items()])
        after_s = chance.uniform(0.1, longest_s)
        running = program.start(*command)
        time.sleep(after_s)
        ended += running.process.poll() is not None
        running.signal(signal.SIGKILL)
        running.end()
        left = program.left()
        print(f"kill {number} of {KILLS}: {command[0]} after {after_s:.1f} s left {len(left)} things")
        if number % 5 == 0 or number == KILLS:
            nothing_is_left_by_the_next_start(program, f"up to kill {number}")
            assert list(temporary.iterdir()) == []
            assert set(FOLDER.glob("*")) <= before
    assert ended < KILLS / 2, "most had ended by themselves before they were killed"


def nothing_is_left_by_the_next_start(program: Program, when: str) -> None:
    """A run and a check, which are left to come to their ends."""
    for command in COMMANDS:
        done = program(*command)
        assert done.code in (0, 1), (when, done)
    deadline = Deadline(SETTLED_S)
    while (left := program.left()) and not deadline.passed:
        time.sleep(0.5)
    assert left == [], when
