"""A cell as a probe has it: its client, its processes, and what goes on with it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field

from heartbed.cells.cell import Cell
from heartbed.cells.subject import Subject
from heartbed.stage.client import Client
from heartbed.stage.steady import Steady
from heartbed.stage.work import Worker


@dataclass
class OpenedCell:
    """A cell whose connections are open, under its probe. ``idle_from`` is epoch seconds."""

    subject: Subject
    client: Client
    pids: set[int] = field(default_factory=set)
    idle_from: float = 0.0
    start_s: float = 0.0
    """How long it took to start and to import its application, seconds."""
    stuck: bool = False
    """Whether a request of a burst got no answer: its threads may be wedged, and more bursts would tell no more."""
    ill: bool = False
    """Whether the last call before it was left alone failed: what is done to it then is not to blame."""
    workers: list[Worker] = field(default_factory=list)
    renewing: Worker | None = None
    """What has its processes replaced, under a probe that does that."""
    steady: Steady = field(init=False)
    """What it is asked steadily by those probes that do."""

    def __post_init__(self) -> None:
        self.steady = Steady(self.client)

    @property
    def cell(self) -> Cell:
        """The cell."""
        return self.subject.cell

    @property
    def name(self) -> str:
        """The name of its service, and of its events in the record."""
        return self.subject.name

    def end_work(self) -> None:
        """End what goes on beside, before the cell is asked again."""
        while self.workers:
            self.workers.pop().end()
