"""The slope and its interval, against scipy.stats.theilslopes (SciPy 1.16, confidence 0.95)."""

from __future__ import annotations

import pytest

from heartbed.verdict.slope import MOST, Slope, slope

NOISY = [41, 38, 41, 41, 38, 43, 42, 47, 43, 42]


def test_the_slope_and_its_interval_are_those_of_scipy() -> None:
    found = slope([(7.0 * n, value) for n, value in enumerate(NOISY)])
    assert found.slope == pytest.approx(0.047619047619047616)
    assert found.low == pytest.approx(0.0)
    assert found.high == pytest.approx(0.17142857142857143)


def test_what_is_always_the_same_has_no_slope() -> None:
    assert slope([(float(n), 3.0) for n in range(9)]) == Slope(0.0, 0.0, 0.0)


def test_a_single_jump_is_no_slope() -> None:
    assert slope([(float(n), 9.0 if n == 4 else 3.0) for n in range(9)]) == Slope(0.0, 0.0, 0.0)


def test_of_many_samples_neighbours_are_taken_together() -> None:
    found = slope([(float(n), 2.0 * n) for n in range(5 * MOST)])
    assert (found.slope, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 3.0)]])
def test_no_slope_without_two_moments(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="no two points at different times"):
        slope(points)
