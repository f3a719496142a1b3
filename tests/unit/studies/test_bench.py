"""The arithmetic of the bench."""

from __future__ import annotations

import json

import pytest

from heartbed.cells.expressions import select
from heartbed.studies.bench import CELLS, Result, Timing


def test_overhead_is_the_whole_run_over_what_cannot_be_saved() -> None:
    assert Timing(24, total_s=48.0, starts_s=33.0, idle_s=7.0).overhead == pytest.approx(1.2)


def test_gain_is_how_many_times_longer_the_cells_take_one_after_another() -> None:
    alone = tuple(Timing(1, 20.0, 10.0, 7.0) for _ in range(12))
    result = Result(Timing(12, 40.0, 25.0, 7.0), alone)
    assert result.gain == 6.0
    told = json.loads(json.dumps(result.as_dict()))
    assert (told["gain"], told["together"]["overhead"], len(told["alone"])) == (6.0, 1.25, 12)


def test_the_bench_has_twenty_four_cells() -> None:
    assert len(select(CELLS).cells) == 24
