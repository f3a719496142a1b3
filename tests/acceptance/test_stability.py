"""The comparison again and again, every other time with all cores busy: the verdicts are the same."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbed.cells.expressions import COMPARISON, select
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance.program import Program
from tests.probes import known

pytestmark = [pytest.mark.docker, pytest.mark.slow]

RUNS = int(os.environ.get("HEARTBED_STABILITY_RUNS", "4"))
"""How many runs; each takes well under a minute."""


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """All cores at work: stress-ng where it is installed, else a loop for each core."""
    cores = os.cpu_count() or 1
    if stress := shutil.which("stress-ng"):
        commands = [[stress, "--cpu", str(cores), "--quiet"]]
    else:
        commands = [[sys.executable, "-c", "while True: pass"]] * cores
    processes = [subprocess.Popen(command) for command in commands]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def test_the_verdicts_are_the_same_on_an_idle_and_on_a_busy_machine(tmp_path: Path) -> None:
    program = Program(tmp_path / "runs")
    cells = {cell.name: cell for cell in select(COMPARISON).cells}
    expected = {name: Outcome.LOST if known.loss(cell) else Outcome.KEPT for name, cell in cells.items()}
    wrong: list[str] = []
    inconclusive: list[str] = []
    for number in range(1, RUNS + 1):
        loaded = number % 2 == 0
        with busy() if loaded else contextlib.nullcontext():
            done = program("compare", "--quiet")
        verdict = RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())
        told = f"run {number} of {RUNS}{', all cores busy' if loaded else ''}, {done.seconds:.0f} s"
        print(f"{told}: {verdict.outcome}, woken at most {verdict.lag.max_ms} ms late")  # for `pytest -s`
        for cell in verdict.cells:
            if cell.outcome is Outcome.INCONCLUSIVE:
                inconclusive.append(f"{told}: {cell.cell}: {cell.why}")
            elif cell.cause == "deadlock" and known.race(cells[cell.cell]):
                print(f"  {cell.cell}: the known race was met")
            elif cell.outcome is not expected[cell.cell]:
                wrong.append(f"{told}: {cell.cell} is {cell.outcome}: {cell.why}")
        assert done.code in (1, 3), done
    assert wrong == []
    assert len({line.partition(":")[0] for line in inconclusive}) <= 1, inconclusive
    assert program.left() == []
