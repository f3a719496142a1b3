"""What probes have in common under which a cell's processes are replaced, while it is asked steadily."""

from __future__ import annotations

import time
from collections.abc import Callable

from heartbed.stage.fault import ask_until_well
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Disturbs, Probe
from heartbed.stage.stage import Stage

ENDS_S = 10.0
"""What a process may take to end: mod_wsgi gives it 5 s, and 15 s where it waits for requests."""

STARTS = 5.0
"""A new process may take so many times as long as the cell took to start: many start at a time, and not as many as
there are cores."""

POLL_S = 0.1


class Renewing(Probe):
    """A probe that has processes replaced, or lets them be."""

    control = True
    disturbs = Disturbs.MACHINE
    looks = False

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask from the beginning of the cell's own idle time on."""
        opened.client.wait_longer(patience_s(opened))
        opened.workers.append(stage.worker(opened.name, opened.steady.go_on))

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask until it is well."""
        ask_until_well(stage, opened)


def patience_s(opened: OpenedCell) -> float:
    """By how much a request may be held up by the replacement of a process, seconds."""
    return ENDS_S + STARTS * opened.start_s


def wait_until(stage: Stage, reached: Callable[[], bool], for_s: float, every_s: float = POLL_S) -> bool:
    """Wait until something is so, for ``for_s`` seconds at the most, or until the run ends; whether it is so."""
    until = time.monotonic() + for_s
    while not (done := reached()) and time.monotonic() < until and stage.wait(every_s):
        pass
    return done
