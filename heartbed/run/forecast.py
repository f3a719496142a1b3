"""What a run will take, said before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from heartbed.cells.settings import Settings, window_s
from heartbed.cells.subject import Subject
from heartbed.record.kinds import RunForecast
from heartbed.run.acts import by_act
from heartbed.run.costs import RUN_OCTETS, Costs, Extent


def forecast(subjects: Sequence[Subject], settings: Settings, costs: Costs, available: int) -> RunForecast:
    """By what such runs took; ``available`` are the octets of memory that can still be had."""
    acts = by_act(subjects)
    seconds, known = costs.seconds((_act(each, settings) for each in acts), settings.cores)
    held = [held_by(each, settings, costs) for each in acts]
    # While the cells of one act idle, those of the next are started.
    most = max([*held, *map(sum, pairwise(held))])
    return RunForecast(
        seconds=round(seconds, 1),
        octets=RUN_OCTETS + most,
        available_octets=available,
        acts=len(acts),
        known=known,
    )


def held_by(act: Sequence[Subject], settings: Settings, costs: Costs) -> int:
    """Octets of memory that the cells of an act hold at the most at a time."""
    asked = _act(act, settings)
    return sum(costs.octets(each.cell) for each in act) * costs.alive(asked, settings.cores) // max(1, asked.cells)


def _act(subjects: Sequence[Subject], settings: Settings) -> Extent:
    played = [each for each in subjects if not each.control]
    timeouts = (settings.timeout_of(each.cell) for each in subjects)
    alone_s = window_s(timeouts, settings.heartbeat_s, settings.margin_s)
    return Extent(",".join(sorted({each.scenario.name for each in played})), len(played), alone_s)
