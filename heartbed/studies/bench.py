"""How long cells take together in one idle window, and one after another."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from heartbed.cells.axes import COMPARISON
from heartbed.cells.expressions import Selection
from heartbed.record import event as record
from heartbed.record.kinds import RunPhase
from heartbed.run.execute import execute
from heartbed.studies.session import Session

CELLS = (*COMPARISON, *(f"{each}-threads1" for each in COMPARISON))
"""Twenty-four cells: the comparison, with the MPM's own number of threads and with one."""


@dataclass(frozen=True)
class Timing:
    """Wall-clock seconds of one run, from the command to the last container removed."""

    cells: int
    total_s: float
    start_and_open_s: float
    idle_s: float

    @property
    def overhead(self) -> float:
        """The whole run as a multiple of what starting and opening the cells and one idle window take."""
        return self.total_s / (self.start_and_open_s + self.idle_s)


@dataclass(frozen=True)
class Result:
    """The cells together, and each alone in a run of its own."""

    together: Timing
    alone: tuple[Timing, ...]

    @property
    def gain(self) -> float:
        """How many times longer the cells take one after another."""
        return sum(timing.total_s for timing in self.alone) / self.together.total_s

    def as_dict(self) -> dict[str, Any]:
        """For machines; seconds."""
        return {
            "together": {**asdict(self.together), "overhead": round(self.together.overhead, 3)},
            "alone": [asdict(timing) for timing in self.alone],
            "gain": round(self.gain, 2),
        }


def measure(selection: Selection, session: Session) -> Timing:
    """Run cells once and time the phases by the record."""
    began = time.monotonic()
    folder = execute(selection, session.settings, session.images, parts=session.parts)
    total = time.monotonic() - began
    times = {e.data.phase: e.t for e in record.only(record.read(folder), RunPhase)}
    return Timing(
        cells=len(selection.cells),
        total_s=round(total, 2),
        start_and_open_s=round(times["idle"] - times["starting"], 2),
        idle_s=round(times["asking"] - times["idle"], 2),
    )


def compare(selection: Selection, session: Session, tell: Callable[[str, Timing], None]) -> Result:
    """Time the cells together, then each alone. ``tell`` is called after each run."""
    together = measure(selection, session)
    tell(f"{len(selection.cells)} cells together", together)
    alone = []
    for cell in selection.cells:
        timing = measure(Selection((cell,)), session)
        tell(cell.name, timing)
        alone.append(timing)
    return Result(together, tuple(alone))
