"""What a run is asked to do, apart from its cells."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.cells.axes import LONGEST_HEARTBEAT_S
from heartbed.cells.cell import Cell
from heartbed.cells.shards import Share
from heartbed.cells.subject import Scenario
from heartbed.errors import InputError
from heartbed.places import ROOT, runs


@dataclass(frozen=True)
class Settings:
    """Settings of one run; durations in seconds.

    ``margin_s`` is how long a cell idles beyond three heartbeat timeouts:
    RabbitMQ closes between two and three timeouts after the last octet, and
    what it does then must still reach the observers. ``rpc_timeout_s`` is the
    application's ``rpc_response_timeout``; a call that takes longer is hung.
    ``scenarios`` are what is played on each cell; in so many ``copies`` at once where
    chance decides, unless a probe has more of its own. With ``untrusted`` the cells run
    files that nobody vouches for: nothing of ours is let into their processes.
    """

    heartbeat_s: int = 2
    margin_s: float = 1.0
    rpc_timeout_s: int = 4
    calls_before: int = 2
    runs: Path = field(default_factory=runs)
    cores: int = os.cpu_count() or 1
    stacks: bool = True
    untrusted: bool = False
    scenarios: tuple[Scenario, ...] = (Scenario(),)
    copies: int = 1
    share: Share | None = None
    """Which shard of a greater question this is; None for the whole."""
    root: Path = ROOT
    """Where the cells' servers take their configurations from."""

    def timeout_of(self, cell: Cell) -> int:
        """The heartbeat timeout asked for in this cell, seconds."""
        return self.heartbeat_s if cell.heartbeat_s is None else cell.heartbeat_s

    def idle_of(self, cell: Cell) -> float:
        """How long this cell must be left alone, seconds."""
        return idle_s(self.timeout_of(cell), self.heartbeat_s, self.margin_s)

    def middle_of(self, cell: Cell) -> float:
        """How long after its idle time has begun this cell is looked at, seconds."""
        return self.idle_of(cell) / 2


def idle_s(timeout_s: float | None, heartbeat_s: float, margin_s: float) -> float:
    """How long a cell must be left alone, seconds: by its own timeout, where it has one, or else by the run's."""
    return 3 * (timeout_s or heartbeat_s) + margin_s


def window_s(timeouts_s: Iterable[float | None], heartbeat_s: float, margin_s: float) -> float:
    """For how long an act is left alone, seconds: as long as that of its cells, and controls, that takes longest."""
    alone_s = (idle_s(each, heartbeat_s, margin_s) for each in timeouts_s)
    return max(alone_s, default=idle_s(None, heartbeat_s, margin_s))


def heartbeat(text: str | int) -> int:
    """A heartbeat timeout in whole seconds, as a user typed it. Raises ``InputError``."""
    try:
        value = int(str(text).strip())
    except ValueError:
        value = 0
    if not 1 <= value <= LONGEST_HEARTBEAT_S:
        raise InputError(
            f"heartbeat {str(text)!r} is not a heartbeat timeout",
            hint=f"give whole seconds from 1 to {LONGEST_HEARTBEAT_S}: that is RabbitMQ's own timeout, and of both "
            "sides' timeouts the shorter holds",
        )
    return value
