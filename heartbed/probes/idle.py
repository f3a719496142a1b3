"""The idle probe: open the connections, touch nothing, ask again."""

from __future__ import annotations

from heartbed.stage import window
from heartbed.stage.stage import Stage

NAME = "idle"
MEANING = "nothing touches the cell for three heartbeat timeouts"


def play(stage: Stage) -> None:
    """Let every cell idle in one shared window, then ask each process once more."""
    window.pass_over(stage, "nothing touches the cells")
