"""Forty runs and checks that are killed at random moments: after the next start nothing of them is left.

The moments are made up from a seed, ``HEARTBED_KILLS_SEED``; ``HEARTBED_KILLS`` says which are played, as ``9-16``.
"""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from heartbed.candidates.workbench import FOLDER, LOCK
from heartbed.testbed.cleanup import locked
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SEED = int(os.environ.get("HEARTBED_KILLS_SEED", "1"))
FIRST, _, LAST = os.environ.get("HEARTBED_KILLS", "1-40").partition("-")
PLAYED = range(int(FIRST), int(LAST or FIRST) + 1)
CONF = Path(__file__).parent.parent / "unit" / "data" / "candidate" / "kolla-nova.conf"
RUN = ("run", "{prefork,event}-daemon-native", "--quiet")
CHECK = ("check", str(CONF), "--no-mend", "--probe", "idle", "--quiet")
LONGEST_S = {RUN: 25.0, CHECK: 35.0}
"""What is killed -> within how many seconds of its start: about as long as it takes by itself."""

LAST_S = 400.0
"""What a whole check may take on a busy machine."""


def test_whenever_a_run_is_killed_the_next_start_leaves_nothing_of_it(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311  the same each time
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = Program(tmp_path / "runs", {"TMPDIR": str(temporary)})
    ended = 0
    for number in range(1, PLAYED.stop):
        command = chance.choice((RUN, CHECK))
        after_s = chance.uniform(0.1, LONGEST_S[command])
        if number not in PLAYED:
            continue
        running = program.start(*command)
        time.sleep(after_s)
        ended += running.process.poll() is not None
        running.signal(signal.SIGKILL)
        running.end()
        left = program.left()
        print(f"kill {number}: {command[0]} after {after_s:.1f} s left {len(left)} things")
        if number % 10 == 0 or number == PLAYED[-1]:
            for each in (CHECK, RUN):
                done = program.start(*each).end(LAST_S)
                assert done.code in (0, 1, 3), done
            assert program.left_at_last() == [], f"up to kill {number}"
            assert list(temporary.iterdir()) == []
            assert [bench for bench in FOLDER.iterdir() if not locked(bench / LOCK)] == []
    assert ended < max(2, len(PLAYED)) / 2, "most had ended by themselves before they were killed"
