"""Shows what is being waited for: a line for each thing on a terminal, plain lines elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

BUILD_STEP = re.compile(r"#\d+ \[(?P<stage>[^\]]*\d+/\d+)\] (?P<instruction>.*)")
"""A line of ``docker buildx build --progress plain`` that names the instruction at work."""

STEP_WIDTH = 60


@dataclass(frozen=True)
class Item:
    """One thing that is being waited for."""

    progress: Progress
    text: str
    task: TaskID | None
    started: float

    def step(self, line: str) -> None:
        """Shows which instruction of a build is at work, on a terminal."""
        match = BUILD_STEP.match(line)
        if match and self.task is not None:
            at = f"[{match['stage']}] {match['instruction']}"[:STEP_WIDTH]
            self.progress.bars.update(self.task, step=escape(at))

    def done(self, text: str) -> None:
        """Says that it is there, and how long it took."""
        self.progress.console.print(f"{text} in {time.monotonic() - self.started:.0f} s", highlight=False)


class Progress:
    """Everything that is being waited for; a context manager."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[step]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    def __enter__(self) -> Self:
        self.bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bars.stop()

    @contextmanager
    def item(self, text: str) -> Iterator[Item]:
        """One more thing to wait for, until the block ends."""
        if not self.console.is_terminal:
            self.console.print(text, highlight=False)
            yield Item(self, text, None, time.monotonic())
            return
        task = self.bars.add_task(text, total=None, step="")
        try:
            yield Item(self, text, task, time.monotonic())
        finally:
            self.bars.remove_task(task)
