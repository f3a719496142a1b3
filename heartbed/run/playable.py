"""What of all that was asked for can be played: the machine must have what a probe needs, and the cell take it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from heartbed import probes
from heartbed.cells.axes import CONTROL
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection, select
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario, Subject, subjects, with_controls
from heartbed.errors import TestbedError
from heartbed.testbed.testbed import Engine


@dataclass(frozen=True)
class Playable:
    """The subjects; with their reasons the scenarios that are skipped and the cells left out; what is remarkable."""

    subjects: tuple[Subject, ...]
    skipped: tuple[tuple[str, str], ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Those that are played, in order."""
        return tuple(dict.fromkeys(subject.scenario for subject in self.subjects))


def _attempts(cell: Cell, scenario: Scenario, copies: int) -> int:
    """In how many copies a cell is played under a scenario."""
    probe = probes.played(scenario)
    return max(probe.attempts(cell, probe.values(dict(scenario.parameters))), copies if cell.shares_locks else 1)


def weight(cell: Cell, settings: Settings) -> int:
    """How much a run has to do for a cell, beside others: the processes that it starts."""
    copies = sum(_attempts(cell, scenario, settings.copies) for scenario in settings.scenarios)
    return copies * cell.process_count


def playable(
    selection: Selection,
    settings: Settings,
    engine: Engine,
    image: str,
    divide: Callable[[Sequence[Subject]], tuple[Subject, ...]] = tuple,
) -> Playable:
    """Find it out before anything is started. Raises ``TestbedError`` if nothing can be played.

    ``image`` is the observer's; ``divide`` gives subjects other acts, so that each fits into the machine.
    """
    scenarios, attempts = settings.scenarios, partial(_attempts, copies=settings.copies)
    lacking = {each: engine.lacks(probes.played(each).needs, image) for each in scenarios}
    skipped = tuple((each.name, reason) for each, reason in lacking.items() if reason)
    wanted = subjects(selection.cells, probes.acts(each for each, reason in lacking.items() if not reason), attempts)
    refused = {each: reason for each in wanted if (reason := probes.played(each.scenario).refuses(each.cell))}
    left_out = tuple(
        (f"{each.cell.name} under {each.scenario.name}", why) for each, why in refused.items() if each.attempt == 1
    )
    rest = tuple(each for each in wanted if each not in refused)
    if not rest:
        log = [f"{name}: {reason}" for name, reason in (*skipped, *left_out)]
        raise TestbedError("no probe can be played here", log=log, hint="`heartbed probes NAME` tells what it needs")
    (outside,) = select([CONTROL]).cells
    rest = with_controls(divide(rest), outside, lambda scenario: probes.played(scenario).control)
    return Playable(rest, skipped, (*selection.left_out, *left_out), tuple(selection.notes))
