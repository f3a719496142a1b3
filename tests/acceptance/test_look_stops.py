"""A look stops nobody: what it looks at would have seen it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from heartbed.record.kinds import ProcessStacks
from tests.acceptance.program import Program
from tests.looked import broker, clock

DUMPS = 5
"""Each stops the process once; of 40 all were seen, of some hundreds one was not."""


def test_process_that_never_waits_is_never_stopped_by_a_look_at_its_stacks(tmp_path: Path) -> None:
    program = Program(tmp_path)
    with broker() as made, clock(made.port) as seen:
        done = program("look", "--pid", str(seen.pid), "--port", str(made.port), "--for", "3s", "--json")
        assert len(json.loads(done.out)["processes"]) == 1, done.err
    (stacks,) = [event.data for event in program.events() if isinstance(event.data, ProcessStacks)]
    assert stacks.by == "py-spy", stacks.native_error
    assert any(frame.file == "<string>" for thread in stacks.threads for frame in thread.frames)
    assert seen.stops == 0


def test_it_sees_a_stop_where_there_is_one() -> None:
    spy = Path(sys.executable).with_name("py-spy")
    with broker() as made, clock(made.port) as seen:
        # The kernel counts a stop as another's having the core where it interrupts the process in that very moment.
        for _ in range(DUMPS):
            subprocess.run([spy, "dump", "--pid", str(seen.pid)], capture_output=True, check=True)
    assert seen.stops > 0
