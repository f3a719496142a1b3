"""How long cells take together, and one after another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from heartbed.cells.axes import COMPARISON
from heartbed.cells.expressions import Selection
from heartbed.record import event as record
from heartbed.record.event import Event
from heartbed.record.kinds import CellState
from heartbed.run.execute import execute
from heartbed.studies.session import Session

CELLS = (*COMPARISON, *(f"{each}-threads1" for each in COMPARISON))
"""Twenty-four cells: the comparison, with the MPM's own number of threads and with one."""

MANY = tuple(f"{each}-threads{threads}" for each in COMPARISON for threads in range(1, 12))
"""A hundred cells and two, of the same images: the comparison with one to eleven threads."""


@dataclass(frozen=True)
class Timing:
    """Wall-clock seconds of one run, from the command to the last container removed."""

    cells: int
    total_s: float
    starts_s: float
    """What it takes to start the cells, as many at a time as there are cores."""
    idle_s: float
    """How long each cell is left alone."""

    @property
    def overhead(self) -> float:
        """The whole run as a multiple of what cannot be saved: starting the cells, and one idle time."""
        return self.total_s / (self.starts_s + self.idle_s)

    @property
    def beyond_s(self) -> float:
        """What the run took beyond that: its broker, opening and asking the cells, and the dissection."""
        return self.total_s - self.starts_s - self.idle_s

    def as_dict(self) -> dict[str, Any]:
        """For machines; seconds."""
        return {**asdict(self), "beyond_s": round(self.beyond_s, 2), "overhead": round(self.overhead, 3)}


@dataclass(frozen=True)
class Result:
    """The cells together, and each alone in a run of its own; and a hundred together, where those were asked for."""

    together: Timing
    alone: tuple[Timing, ...]
    many: Timing | None = None

    @property
    def gain(self) -> float:
        """How many times longer the cells take one after another."""
        return sum(timing.total_s for timing in self.alone) / self.together.total_s

    def as_dict(self) -> dict[str, Any]:
        """For machines; seconds."""
        return {
            "together": self.together.as_dict(),
            "many": self.many and self.many.as_dict(),
            "alone": [timing.as_dict() for timing in self.alone],
            "gain": round(self.gain, 2),
        }


def measure(selection: Selection, session: Session) -> Timing:
    """Run cells once and time them by the record."""
    began = time.monotonic()
    folder = execute(selection, session.settings, session.images, parts=session.parts)
    total = time.monotonic() - began
    return Timing(
        cells=len(selection.cells),
        total_s=round(total, 2),
        starts_s=round(_starts_s(record.read(folder)) / session.settings.cores, 2),
        idle_s=max(session.settings.idle_of(cell) for cell in selection.cells),
    )


def _starts_s(events: Sequence[Event]) -> float:
    """For how long cells were being started, one by one, seconds."""
    states = [event for event in record.only(events, CellState) if event.cell is not None]
    began = {event.cell: event.t for event in states if event.data.state == "starting"}
    return sum(event.t - began[event.cell] for event in states if event.data.state == "ready")


def compare(
    selection: Selection, session: Session, tell: Callable[[str, Timing], None], many: Selection | None = None
) -> Result:
    """Time the cells together, ``many`` others together, then each alone. ``tell`` is called after each run."""

    def timed(what: str, cells: Selection) -> Timing:
        timing = measure(cells, session)
        tell(what, timing)
        return timing

    together = timed(f"{len(selection.cells)} cells together", selection)
    crowd = timed(f"{len(many.cells)} cells together", many) if many else None
    return Result(together, tuple(timed(cell.name, Selection((cell,))) for cell in selection.cells), crowd)
