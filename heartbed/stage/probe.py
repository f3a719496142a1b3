"""What every probe is: a scenario that is played on cells whose connections are open."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.errors import InputError
from heartbed.stage.opened import OpenedCell
from heartbed.stage.stage import Stage
from heartbed.testbed.testbed import Needs
from heartbed.verdict.rules import Rule


class Disturbs(StrEnum):
    """What a probe disturbs, by which it is decided what may go on beside it."""

    NOTHING = "nothing"
    CELL = "its own cells"
    MACHINE = "its own cells, and the machine, on which processes start meanwhile"
    BROKER = "the broker, and so every cell"


@dataclass(frozen=True)
class Parameter:
    """A number that a probe can be given, as in ``--probe trickle:pages=4``; bounds are inclusive."""

    name: str
    meaning: str
    default: float
    least: float
    most: float
    unit: str = ""
    """With ``s`` it may be given in seconds, minutes or hours: ``90``, ``90s``, ``1.5m``, ``2h``."""

    @property
    def bounds(self) -> str:
        """``1 to 60 s``."""
        return f"{self.least:g} to {self.most:g}{f' {self.unit}' if self.unit else ''}"

    def read(self, text: str, probe: str) -> float:
        """The number that a user typed. Raises ``InputError``."""
        value = _number(text, UNITS if self.unit == "s" else {"": 1})
        if not self.least <= value <= self.most:
            raise InputError(
                f"{probe}:{self.name}={text}: not a number from {self.bounds}",
                hint=f"{self.name} is {self.meaning}; without it {self.default:g}",
            )
        return value


UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
"""What a duration may end with -> seconds."""


def _number(text: str, units: Mapping[str, int]) -> float:
    """The number that a text stands for, in the first of the units; not a number where it stands for none."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?|\.\d+)([a-z]?)", text.strip())
    return float(match[1]) * units[match[2]] if match and match[2] in units else math.nan


class Probe:
    """One file of ``heartbed.probes``, as an object. What it does not say is as for a probe that does nothing.

    Its cells are started, opened, left for three heartbeat timeouts and asked again by ``heartbed.stage.act``, each in
    its own time, beside the cells of other probes; the methods say what is done besides.
    """

    name: ClassVar[str]
    meaning: str
    """One line: what is done to the cells."""

    documentation: ClassVar[str]
    """A paragraph: what it is for, with something that happened for which it would have been worth playing."""

    meanwhile: ClassVar[str]
    """What is done in the window, for the record and whoever watches; ``{parameter}`` stands for its value."""

    needs: Needs = Needs()
    """What it needs of the machine; without that it is skipped before anything is started, and that is said."""

    parameters: ClassVar[tuple[Parameter, ...]] = ()
    disturbs: Disturbs = Disturbs.NOTHING
    control: bool = False
    """Whether a native client outside every server is played along, under the same probe and judged by its rule."""

    crowds: bool = False
    """Whether it sends a cell many requests at a time: cells of others are asked before, and not meanwhile."""

    at_a_time: ClassVar[int] = 0
    """Of how many of its cells, for each core, connections are open at a time, where it asks them steadily: those that
    wait would take the others' time. 0: of all of them, which one that does something to all at once needs."""

    looks: bool = True
    """Whether processes are looked at in the middle of their idle time: those that are to be replaced need not."""

    lasting: ClassVar[bool] = False
    """Whether it goes on for long: it then has a window of its own, and is played only where it is named."""

    @property
    def plays(self) -> bool:
        """Whether it does something to all its cells once they are open: none of them is asked again before."""
        return type(self).play is not Probe.play

    @property
    def goes_on(self) -> bool:
        """Whether its cells may not be asked again as soon as they have idled."""
        return self.plays or type(self).stay is not Probe.stay

    rule: Rule = Rule()
    """What the record of it means, for cells and for controls."""

    repeats: ClassVar[Scenario | None] = None
    """What it repeats where nothing else is named, for one that repeats others."""

    def repeating(self, other: Probe, values: Mapping[str, float]) -> Probe | None:
        """The probe that plays another one again and again, with these parameters of that; None: it repeats none."""
        del other, values
        return None

    def goes_on_s(self, stage: Stage) -> float:
        """For how long it goes on beyond the cells' idle time, seconds: for whoever watches."""
        del stage
        return 0.0

    def check(self, settings: Settings, values: Mapping[str, float], cells: Sequence[Cell]) -> None:
        """Look whether it can tell anything of cells with these settings and parameters. Raises ``InputError``."""
        del settings, values, cells

    def refuses(self, cell: Cell) -> str:
        """Why it cannot be played on a cell; empty where it can."""
        del cell
        return ""

    def attempts(self, cell: Cell, values: Mapping[str, float]) -> int:
        """In how many copies a cell is played at once, where chance decides what is seen of one."""
        del cell, values
        return 1

    def again(self, stage: Stage, opened: OpenedCell) -> bool:
        """Whether a copy of a cell is still to be played, once its cell was opened."""
        del stage, opened
        return True

    def variables(self, cell: Cell, values: Mapping[str, float]) -> Mapping[str, str]:
        """What the environment of a cell says besides, from its start; ``values`` are the probe's parameters."""
        del cell, values
        return {}

    def set_up(self, stage: Stage) -> None:
        """Before any connection is opened."""

    def open(self, stage: Stage, opened: OpenedCell) -> None:
        """Open a cell's connections; several cells may be opened at a time."""
        stage.open(opened)

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """As soon as a cell's own idle time begins; several cells may do so at a time. Returns at once."""

    def play(self, stage: Stage) -> None:
        """Once all its cells are open; returns at the latest when ``stage.wait`` says so.

        In a thread of its own. None of its cells is asked again before it has returned.
        """

    def stay(self, stage: Stage, opened: OpenedCell) -> None:
        """Once a cell has idled: wait for what is still to happen to it, before it is asked again."""

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask a cell again, after the window."""
        stage.ask(opened)

    def undo(self, stage: Stage) -> None:
        """After the cells were asked again, and however a run ends: whatever ``set_up`` has changed.

        What was done by ``stage.hand`` is undone by it, before this. May be called twice.
        """

    def in_words(self, values: Mapping[str, float]) -> str:
        """What it does to its cells in the window, in words, with these parameters."""
        return self.meanwhile.format_map(values)

    def values(self, chosen: Mapping[str, float]) -> dict[str, float]:
        """All parameters: those chosen, the others at their default."""
        return {each.name: chosen.get(each.name, each.default) for each in self.parameters}
