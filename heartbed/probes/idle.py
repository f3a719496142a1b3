"""The idle probe: open the connections, touch nothing, ask again."""

from __future__ import annotations

import time

from heartbed.record import Event
from heartbed.stage import OPENERS, OpenedCell, Stage

NAME = "idle"


def play(stage: Stage) -> None:
    """Let every cell idle in one shared window, then ask each process once more.

    Nothing here talks to an application between the phases ``idle`` and
    ``asking``; stacks are taken from outside in the middle of each cell's idle time.
    """
    stage.bus.emit(Event("run.phase", data={"phase": "opening"}))
    stage.open_all()
    until = max(opened.idle_from + stage.settings.idle_of(opened.cell) for opened in stage.opened)
    stage.bus.emit(Event("run.phase", data={"phase": "idle", "until": until}))
    _sleep_until(stage, until)
    stage.bus.emit(Event("run.phase", data={"phase": "asking"}))
    stage.each(stage.opened, lambda opened: _ask(stage, opened), OPENERS)


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
