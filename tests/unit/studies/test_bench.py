"""The arithmetic of the bench."""

from __future__ import annotations

import json

import pytest

from heartbed import servers
from heartbed.cells.expressions import select
from heartbed.studies.bench import CELLS, MANY, Result, Timing


def test_overhead_is_the_whole_run_over_what_cannot_be_saved() -> None:
    timing = Timing(24, total_s=48.0, starts_s=33.0, idle_s=7.0)
    assert timing.overhead == pytest.approx(1.2)
    assert timing.beyond_s == pytest.approx(8.0)


def test_gain_is_how_many_times_longer_the_cells_take_one_after_another() -> None:
    alone = tuple(Timing(1, 20.0, 10.0, 7.0) for _ in range(12))
    result = Result(Timing(12, 40.0, 25.0, 7.0), alone)
    assert result.gain == 6.0
    told = json.loads(json.dumps(result.as_dict()))
    assert (told["gain"], told["together"]["overhead"], len(told["alone"]), told["many"]) == (6.0, 1.25, 12, None)


def test_the_bench_has_twenty_four_cells_and_about_a_hundred_of_the_same_images() -> None:
    few, many = select(CELLS).cells, select(MANY).cells
    assert (len(few), len(many)) == (24, 102)
    assert {servers.image(cell) for cell in many} == {servers.image(cell) for cell in few}
