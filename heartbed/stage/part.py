"""A probe's part in an act: the probe, and the stage that has its cells."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from heartbed.errors import CellFailedError
from heartbed.stage.probe import Probe
from heartbed.stage.room import Gathering
from heartbed.stage.stage import OpenedCell, Stage
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
        self._all_open = Gathering(len(self.stage.opened))
        self._lock = threading.Lock()
        if not self.probe.plays:
            self.played.set()

    @property
    def meanwhile(self) -> str:
        """What the probe does to its cells in the window, in words."""
        return self.probe.in_words(self.stage.parameters)

    @property
    def ends_at(self) -> float:
        """When the last of its cells will have idled, and the probe have played, epoch seconds; 0 without cells."""
        idled = [opened.idle_from + self.stage.settings.idle_of(opened.cell) for opened in self.stage.opened]
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

    def _play(self, worker: Worker) -> None:
        del worker
        try:
            self.probe.play(self.stage)
        finally:
            self.played.set()
