"""The soak probe: another probe again and again, for as long as wanted, while it is measured what the cells hold.

One round is what that probe does: an idle time with whatever it does in it, and
asking the cells again. What a cell holds is measured from outside, and compared
at the end of each idle time, when nothing is under way in it.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence

from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings, idle_s
from heartbed.cells.subject import Scenario
from heartbed.errors import InputError
from heartbed.probes.burst import PROBE as BURST
from heartbed.stage.act import OPENERS
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Parameter, Probe
from heartbed.stage.stage import Stage
from heartbed.stage.work import each
from heartbed.verdict import soak as rules
from heartbed.verdict.growth import FEWEST
from heartbed.wording import long

SAMPLES = 3
"""How often a cell is measured in an idle time at the least: one that comes late must not leave a round without."""


class Soak(Probe):
    """Plays ``of``, whose parameters are ``values``, round after round."""

    name = "soak"
    documentation = """
        What is left over once is found by hardly any test and takes a service down after days: a connection that a pool
        forgets, a queue for replies that nobody deletes, a file descriptor, memory. studioml's client of RabbitMQ ran
        out of file descriptors after more than a day, because it opened connections and lost sight of them
        (https://github.com/studioml/studio/issues/333). Two numbers do not show that: a process that has just been
        started grows for a while. So there is a slope over all rounds, with the interval in which it lies with 95 %
        confidence, and growth counts only where it still goes on in the second half.
    """
    lasting = True
    parameters = (Parameter("for", "how long it goes on", 1800, 60, 7 * 86400, "s"),)
    repeats = Scenario(BURST.name)

    def __init__(self, of: Probe, values: Mapping[str, float]) -> None:
        self._of, self._values = of, values
        self._patience: dict[str, float] = {}
        self.meaning = "another probe again and again, by default burst; --for 30m, and soak:of=NAME names it"
        self.needs, self.disturbs, self.control, self.looks = of.needs, of.disturbs, of.control, of.looks
        self.crowds = of.crowds
        self.rule = rules.RULE

    def repeating(self, other: Probe, values: Mapping[str, float]) -> Probe:
        """The same with another one."""
        return Soak(other, values)

    def check(self, settings: Settings, values: Mapping[str, float], cells: Sequence[Cell]) -> None:
        """It must go on for as many idle times as it takes to tell growth, each as long as its slowest cell's."""
        own = [settings.timeout_of(cell) or settings.heartbeat_s for cell in cells]
        timeout_s = max(own + ([settings.heartbeat_s] if self.control or not own else []))
        alone_s = idle_s(timeout_s, settings.heartbeat_s, settings.margin_s)
        least_s = FEWEST * alone_s
        if values["for"] < least_s:
            shorter = "a shorter --heartbeat" if timeout_s == settings.heartbeat_s else "cells with a shorter one"
            raise InputError(
                f"{long(values['for'])} are too short to repeat {self._of.name}: to tell what grows takes {FEWEST} "
                f"rounds, and one at least {alone_s:.0f} s with a heartbeat timeout of {timeout_s} s",
                hint=f"--for {2 * least_s / 60:.0f}m, or {shorter}",
            )

    def refuses(self, cell: Cell) -> str:
        """As the one that is repeated."""
        return self._of.refuses(cell)

    def variables(self, cell: Cell, values: Mapping[str, float]) -> Mapping[str, str]:
        """As the one that is repeated."""
        del values
        return self._of.variables(cell, self._values)

    def in_words(self, values: Mapping[str, float]) -> str:
        """What is repeated, and for how long."""
        return f"for {values['for']:g} s, again and again: {self._of.in_words(self._values)}"

    def goes_on_s(self, stage: Stage) -> float:
        """For as long as it was asked to."""
        return stage.parameters["for"]

    def set_up(self, stage: Stage) -> None:
        """As in the one that is repeated."""
        self._of.set_up(self._within(stage))

    def open(self, stage: Stage, opened: OpenedCell) -> None:
        """As in the one that is repeated; the cell is measured from now on."""
        stage.measure(opened.name, stage.settings.idle_of(opened.cell) / SAMPLES)
        self._of.open(self._within(stage), opened)
        self._patience[opened.name] = opened.client.held_up_s

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """As in the one that is repeated."""
        self._of.begin(self._within(stage), opened)

    def play(self, stage: Stage) -> None:
        """Round after round; the last one ends as any probe does, when the cells are asked again by the act."""
        until = time.monotonic() + stage.parameters["for"]
        within = self._within(stage)
        while self._idled(within) and time.monotonic() < until:
            each(stage.bus, within.opened, lambda opened: self._ask(within, opened), OPENERS)
            self._undo(within)
            each(stage.bus, within.opened, lambda opened: self._begin(within, opened), OPENERS)

    def stay(self, stage: Stage, opened: OpenedCell) -> None:
        """As in the one that is repeated."""
        self._of.stay(self._within(stage), opened)

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """As in the one that is repeated."""
        self._of.ask(self._within(stage), opened)

    def undo(self, stage: Stage) -> None:
        """As in the one that is repeated."""
        self._of.undo(self._within(stage))

    def _within(self, stage: Stage) -> Stage:
        """The same stage, with the parameters of the one that is repeated."""
        within = copy.copy(stage)
        within.parameters = self._values
        return within

    def _idled(self, within: Stage) -> bool:
        """Play what is repeated, and wait until all cells have idled; whether to go on."""
        self._of.play(within)
        until = max(map(within.idles_until, within.opened))
        return within.wait(max(0.0, until - time.time()))

    def _ask(self, within: Stage, opened: OpenedCell) -> None:
        self._of.stay(within, opened)
        opened.end_work()
        self._of.ask(within, opened)

    def _undo(self, within: Stage) -> None:
        """Whatever has lasted until the cells were asked again: the next round begins without it."""
        within.hand.undo()
        self._of.undo(within)

    def _begin(self, within: Stage, opened: OpenedCell) -> None:
        """Let a cell's next idle time begin, as its first did."""
        opened.client.held_up_s = self._patience[opened.name]
        opened.stuck = False
        opened.idle_from = time.time()
        within.state(opened, "opened", pids=sorted(opened.pids))
        self._of.begin(within, opened)


PROBE = Soak(BURST, BURST.values({}))
