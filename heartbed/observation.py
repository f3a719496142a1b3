"""All observers of one run: started together, fed with who is who, stopped together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from heartbed.bus import Bus
from heartbed.cells import Cell
from heartbed.compose import USER
from heartbed.errors import TestbedError
from heartbed.observers import wire
from heartbed.observers.agent import Agent
from heartbed.observers.app_log import AppLog
from heartbed.observers.broker_events import BrokerEvents
from heartbed.observers.broker_log import BrokerLog
from heartbed.record import Event
from heartbed.testbed import Testbed

LAST_FRAMES_S = 0.3
"""What tcpdump has seen reaches the file within its packet buffer's time-out; waited for before it is stopped."""


class Observation:
    """Observers of the broker, the wire and the processes; none of them talks to an application."""

    def __init__(self, bed: Testbed, bus: Bus, capture: Path, *, password: str) -> None:
        self.bed, self.bus = bed, bus
        self._password = password
        self._capture_path = capture
        self._cells: dict[str, str] = {}
        self._looked_at: set[tuple[str, int]] = set()
        self._idle = False
        self._log: BrokerLog | None = None
        self._events: BrokerEvents | None = None
        self._agent: Agent | None = None
        self._capture: wire.Capture | None = None
        bus.listen(self._on_event)
