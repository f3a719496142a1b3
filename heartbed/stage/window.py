"""The window that probes share: open every cell, let one period pass for all of them, ask each again."""

from __future__ import annotations

import time
from collections.abc import Callable

from heartbed.record.event import Event
from heartbed.record.kinds import RunPhase
from heartbed.stage.stage import OPENERS, OpenedCell, Stage

Step = Callable[[OpenedCell], None]


def pass_over(stage: Stage, meanwhile: str, begin: Step = lambda _: None, end: Step = lambda _: None) -> None:
    """Let one window pass over all cells, then ask each process once more.

    ``meanwhile`` says for the record what is done to the cells in the window.
    ``begin`` is called for each cell as soon as its own idle time begins,
    ``end`` just before it is asked again. Nothing else here talks to an
    application in between; stacks are taken from outside in the middle of
    each cell's idle time.
    """
    stage.bus.emit(Event(RunPhase(phase="opening")))
    stage.open_all(begin)
    until = max(opened.idle_from + stage.settings.idle_of(opened.cell) for opened in stage.opened)
    stage.bus.emit(Event(RunPhase(phase="idle", until=until, meanwhile=meanwhile)))
    _sleep_until(stage, until)
    stage.bus.emit(Event(RunPhase(phase="asking")))

    def ask(opened: OpenedCell) -> None:
        end(opened)
        _ask(stage, opened)

    stage.each(stage.opened, ask, OPENERS)


def _sleep_until(stage: Stage, moment: float) -> None:
    """Sleep until ``moment`` (epoch seconds), looking at times whether the record still takes events."""
    while (rest := moment - time.time()) > 0 and not stage.stop.is_set():
        stage.stop.wait(min(rest, 0.25))
        stage.bus.check()


def _ask(stage: Stage, opened: OpenedCell) -> None:
    stage.state(opened.cell, "asking")
    stage.reach(opened, "after", sorted(opened.pids))
    opened.client.cast("after")
    stage.state(opened.cell, "done")
