"""For how long a cell has stood still: only then does an answer not come; while the cell works it is on its way.

It is not on its way either where threads wait for one that can never be woken: others' work brings nothing then.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import AppLog, ContainerChanged, MachineWork, ObserverFailed, ProcessGreenlets
from heartbed.record.work import Work
from heartbed.verdict import deadlock

STALE_S = 30.0
"""The machine tells once a second. Who tells it has to wait for a core like everybody: 9 s late was seen. After so long
nothing is known of the time since."""

POLL_S = 0.25

MOST = 600
"""Seconds that are remembered: longer than any request."""


class Stillness:
    """Hears what the machine tells of a run."""

    def __init__(self, bus: Bus) -> None:
        self._told: deque[Event[MachineWork]] = deque(maxlen=MOST)
        self._ended = False
        self._paused: set[str | None] = set()
        self._dumps: dict[str | None, list[Event[ProcessGreenlets]]] = defaultdict(list)
        self._refused: dict[str | None, list[Event[AppLog]]] = defaultdict(list)
        self._known: dict[tuple[str, float], tuple[tuple[int, int], bool]] = {}
        bus.listen(self._hear)

    def _hear(self, event: Event) -> None:
        if isinstance(event.data, MachineWork):
            self._told.append(Event(event.data, event.t))
        if isinstance(event.data, ContainerChanged):
            # A frozen process looks to the kernel like one that waits for a disk.
            if event.data.action == "pause":
                self._paused.add(event.cell)
            elif event.data.action == "unpause":
                self._paused.discard(event.cell)
        if isinstance(event.data, ProcessGreenlets) and event.data.error is None:
            self._dumps[event.cell].append(Event(event.data, event.t, event.cell, event.pid))
        if isinstance(event.data, AppLog):
            said = Event(event.data, event.t, event.cell, event.pid)
            if deadlock.refuses(said):
                self._refused[event.cell].append(said)
        self._ended |= isinstance(event.data, ObserverFailed) and event.data.observer == "agent" and event.cell is None

    def since(self, service: str, moment: float) -> float:
        """For how many seconds since a moment (epoch seconds) a service's processes did nothing, as far as is known.

        Of what was told late it is not known yet; where nothing is told at all, every second counts. So it does where
        all of its processes that were looked at since then have threads that wait for ever.
        """
        now, told = time.time(), [*self._told]
        if service in self._paused or self._wedged(service, moment):
            return now - moment
        goes_on = told and not self._ended and now - told[-1].t < STALE_S
        known = told[-1].t if goes_on else now
        until = max(moment, known)
        return until - moment - Work(service, told).at_work_s(moment, until)

    def _wedged(self, service: str, moment: float) -> bool:
        dumps = [dump for dump in [*self._dumps[service]] if dump.t >= moment]
        said = [*self._refused[service]]
        of_what = len(dumps), len(said)
        # Many requests ask this four times a second, and dumps are long.
        known, answer = self._known.get((service, moment), ((0, 0), False))
        if dumps and known != of_what:
            answer = deadlock.wedged(dumps, said)
            self._known[service, moment] = of_what, answer
        return answer

    @contextmanager
    def after(self, service: str, still_s: float, do: Callable[[], None]) -> Iterator[None]:
        """Do something once a service has stood still for so long while the block takes; not while it works.

        A look at a process costs it time, which it has not where it is late already.
        """
        moment, over = time.time(), threading.Event()

        def wait() -> None:
            left = still_s
            while left > 0:
                if over.wait(max(POLL_S, left)):
                    return
                left = still_s - self.since(service, moment)
            do()

        threading.Thread(target=wait, name=f"still-{service}", daemon=True).start()
        try:
            yield
        finally:
            over.set()


@contextmanager
def by_the_clock(late_s: float, do: Callable[[], None]) -> Iterator[None]:
    """Do something where the block takes longer than so many seconds, whatever goes on meanwhile."""
    timer = threading.Timer(late_s, do)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
