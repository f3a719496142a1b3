"""How fast a quantity grows: the slope over all of its samples, with the interval in which it lies.

The slope is Theil and Sen's: the median of those between any two samples. What is counted here moves in steps and now
and then jumps, and a fit by least squares would follow a single jump. Its interval is Sen's (1968, Journal of the
American Statistical Association 63), by the formula of ``scipy.stats.theilslopes``, whose results its tests have:
twenty lines of the standard library in the place of NumPy and SciPy, which nothing else here needs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import NormalDist, median

CONFIDENCE = 0.95

MOST = 400
"""Of more samples than these neighbours are taken together: every pair has a slope."""

Point = tuple[float, float]
"""When (seconds), and how much there was."""


@dataclass(frozen=True)
class Slope:
    """Per second: the slope, and the ends of the interval in which it lies with ``CONFIDENCE``."""

    slope: float
    low: float
    high: float


def slope(points: Sequence[Point]) -> Slope:
    """The slope of at least two points at different times. Raises ``ValueError`` for fewer."""
    thinned = _thinned(points)
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(thinned, 2) if x1 != x2)
    if not slopes:
        raise ValueError("no two points at different times")
    n = len(thinned)
    ties = sum(_pairs(times) for axis in (0, 1) for times in Counter(point[axis] for point in thinned).values())
    sigma = math.sqrt(max(0.0, _pairs(n) - ties) / 18)
    reach = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * sigma
    low = max(round((len(slopes) - reach) / 2) - 1, 0)
    high = min(round((len(slopes) + reach) / 2), len(slopes) - 1)
    return Slope(median(slopes), slopes[low], slopes[high])


def _pairs(n: int) -> int:
    """Eighteen times the variance of Kendall's statistic of ``n`` points without ties."""
    return n * (n - 1) * (2 * n + 5)


def _thinned(points: Sequence[Point]) -> list[Point]:
    size = math.ceil(len(points) / MOST)
    blocks = [points[at : at + size] for at in range(0, len(points), size)] if size else []
    return [(median(x for x, _ in block), median(y for _, y in block)) for block in blocks]
