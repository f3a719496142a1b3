"""What threads have had of the cores, read of this process and of files like the kernel's."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

from heartbed.kernel.work import Worked, threads


def test_a_thread_that_computes_has_run_for_longer() -> None:
    me = threading.get_native_id()
    before = threads(os.getpid())[me]
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    after = threads(os.getpid())[me]
    assert 0.04 < after.ran_s - before.ran_s < 5
    assert after.waited_s >= before.waited_s


def test_a_thread_is_known_by_its_counters_and_its_state_whatever_its_name(tmp_path: Path) -> None:
    for tid, name, state in ((7, "python", "S"), (8, "a) R (b", "D"), (10, "python", "T"), (11, "python", "t")):
        task = tmp_path / "7" / "task" / str(tid)
        task.mkdir(parents=True)
        (task / "schedstat").write_text("1500000000 250000000 12\n")
        (task / "stat").write_text(f"{tid} ({name}) {state} 1 7 7 0\n")
    (tmp_path / "7" / "task" / "9").mkdir()  # it has ended meanwhile
    still = Worked(1.5, 0.25, disk=False)
    held = {8: replace(still, disk=True), 10: replace(still, stopped=True)}
    assert threads(7, tmp_path) == {7: still, 11: still, **held}
