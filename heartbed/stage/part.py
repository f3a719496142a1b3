"""A probe's part in an act: the probe, and the stage that has its cells."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from heartbed.errors import CellFailedError
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Probe
from heartbed.stage.room import Gathering, Room
from heartbed.stage.stage import Stage
from heartbed.stage.work import Worker


@dataclass
class Part:
    """A probe, and the stage that has its cells. What it does to all of them at once it does when all are open."""

    probe: Probe
    stage: Stage
    played: threading.Event = field(default_factory=threading.Event)
    """Is set when the probe has played."""
    errors: list[CellFailedError] = field(default_factory=list)
    """Of cells that were left out."""

    def __post_init__(self) -> None:
        self._all_open, self._all_asked = Gathering(len(self.stage.opened)), Gathering(len(self.stage.opened))
        self._lock = threading.Lock()
        self.places = Room(self.probe.at_a_time * self.stage.settings.cores or len(self.stage.opened))
        if not self.probe.plays:
            self.played.set()

    @property
    def meanwhile(self) -> str:
        """What the probe does to its cells in the window, in words."""
        return self.probe.in_words(self.stage.parameters)

    @property
    def ends_at(self) -> float:
        """When the last of its cells will have idled, and the probe have played, epoch seconds; 0 without cells."""
        idled = [self.stage.idles_until(opened) for opened in self.stage.opened]
        return max(idled) + self.probe.goes_on_s(self.stage) if idled else 0.0

    def leave_out(self, opened: OpenedCell, reason: str) -> None:
        """Go on without a cell."""
        self.stage.state(opened, "left_out", reason=reason)
        with self._lock:
            self.stage.opened = [each for each in self.stage.opened if each is not opened]

    def come(self) -> Worker | None:
        """A cell is open, or was left out; what plays, where the last one has come."""
        if not self._all_open.come() or not self.probe.plays or not self.stage.opened:
            return None
        return self.stage.worker(self.probe.name, self._play)

    def leave(self, opened: OpenedCell) -> list[str]:
        """A cell has been asked again, or was left out; the services that are of no use from now on.

        What a probe does to all its cells at once it also undoes for all, when the last of them has been asked.
        """
        if not self.probe.plays:
            return [opened.name]
        return [subject.name for subject in self.stage.subjects] if self._all_asked.come() else []

    def undo(self) -> list[Callable[[], object]]:
        """What undoes what the probe has done, step by step; each may be taken at any time, also twice."""
        return [self.stage.close, self.stage.hand.undo, partial(self.probe.undo, self.stage)]

    def _play(self, worker: Worker) -> None:
        del worker
        try:
            self.probe.play(self.stage)
        finally:
            self.played.set()
