"""What the cells are doing while a run goes on.

A run measures the machine that this view runs on, so it takes next to
nothing: it draws when something has changed, four times a second at most, and
once a second while a countdown runs. Without a terminal, and in CI, it prints
a line for each change; with ``quiet`` it prints nothing.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from heartbed.record.event import Event
from heartbed.record.kinds import REMOVED, AskedCell, BrokerLog, CellState, Request, RunForecast, RunPhase, RunStart
from heartbed.report.console import console as stderr_console
from heartbed.report.text import one_line, printable
from heartbed.wording import count, long, seconds

FASTEST_S = 0.25
"""The shortest time between two refreshes."""

FRAME_LINES = 5
"""Lines that the live table needs beside its cells."""

STYLES = {"kept": "green", "lost": "bold red", "failed": "bold red"}
QUIET_STATES = ("starting", "asking")
"""States that are not worth a line of their own in a log."""

LOST = "lost: RabbitMQ missed its heartbeats"


@dataclass
class _Cell:
    state: str = "waiting"
    fate: str = ""
    word: str = ""
    used: bool = False
    """Whether it was asked in the window: it opens its connections anew then, and what became of one tells little."""
    passed: set[str] = field(default_factory=set)
    """The states that it has entered."""
    rounds: int = 0
    """How often it was asked again and then left alone, by a probe that repeats another one."""

    @property
    def shown(self) -> str:
        """What it is at, and in which round."""
        return f"round {self.rounds + 1}: {self.state}" if self.rounds else self.state


def _forecast(told: RunForecast) -> str:
    """``takes about 26 s, and up to 0.7 GiB of memory``, and how well that is known."""
    acts = f", in {told.acts} acts" if told.acts > 1 else ""
    guessed = "" if told.known else " (a guess: nothing like it was run here)"
    return f"takes about {long(told.seconds)}{acts}, and up to {told.octets / 2**30:.1f} GiB of memory{guessed}"


def _is_shown(asked: AskedCell) -> bool:
    """Neither the controls nor the copies of a cell have a line of their own."""
    return not asked.control and asked.attempt == 1


class LiveView:
    """A context manager that is called with every event of the record, from any thread.

    ``heartbeat_s`` is shown in the title; ``cells`` fixes the order.
    """

    def __init__(
        self, cells: Sequence[str], heartbeat_s: float, *, quiet: bool = False, console: Console | None = None
    ) -> None:
        self._console = console or stderr_console(stderr=True)
        self._cells = {name: _Cell() for name in cells}
        self._heartbeat_s = heartbeat_s
        self._phase, self._until, self._takes = "", 0.0, ""
        self._cell_of: dict[str, str] = {}
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._quiet = quiet
        plain = not self._console.is_terminal or self._console.is_dumb_terminal or bool(os.environ.get("CI"))
        self._live: Live | None = None
        if not quiet and not plain:
            self._live = Live(
                console=self._console,
                auto_refresh=False,
                transient=True,
                get_renderable=self.table,
                redirect_stderr=False,
                redirect_stdout=False,
            )
        self._ticker = threading.Thread(target=self._tick, name="live-view", daemon=True)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
            self._ticker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._stop.set()
        self._dirty.set()
        if self._live:
            self._ticker.join()
            self._live.stop()

    def __call__(self, event: Event) -> None:
        """Take note of one event."""
        with self._lock:
            changes = self._noted(event)
        if changes:
            self._dirty.set()
        if self._live is None and not self._quiet:
            for line in changes:
                self._print(event.t, line)

    def table(self) -> RenderableType:
        """What is shown now: a row for each cell, or counts where the terminal has too few rows."""
        with self._lock:
            rows = {name: (cell.shown, cell.fate, cell.word) for name, cell in self._cells.items()}
            title, takes = self._title(), self._takes
        room = self._console.height - FRAME_LINES
        crowd = len(rows) > room
        grid = Table.grid(padding=(0, 2))
        for name, (state, fate, word) in rows.items():
            if not crowd or word in ("lost", "failed"):
                grid.add_row(self._text(name), self._text(state), self._text(fate, STYLES.get(word, "")))
        counts = Counter(state for state, _, _ in rows.values())
        summary = ", ".join(f"{count} {state}" for state, count in counts.items())
        return Group(
            self._text(title, "bold"), self._text(takes, "dim"), *([self._text(summary)] if crowd else []), grid
        )

    def _title(self) -> str:
        left = f", {max(0, round(self._until - time.time()))} s left" if self._phase == "idle" else ""
        cells, phase = count(len(self._cells), "cell"), self._phase or "starting"
        return f"{cells}, heartbeat timeout {self._heartbeat_s:g} s: {phase}{left}"

    def _text(self, content: object, style: str = "") -> Text:
        return Text(printable(content, ascii_only=self._console.options.ascii_only), style=style)

    def _print(self, t: float, line: str) -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(t))
        self._console.print(self._text(f"{clock} {one_line(line)}"), soft_wrap=True)

    def _tick(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait(timeout=1.0 if self._phase == "idle" else None)
            self._dirty.clear()
            if self._live and not self._stop.is_set():
                self._live.refresh()
            self._stop.wait(FASTEST_S)

    def _noted(self, event: Event) -> list[str]:
        """Changes the state of the cells; returns what is worth a line."""
        if event.cell and event.conn:
            self._cell_of[event.conn] = event.cell
        data = event.data
        if isinstance(data, RunStart):
            self._cells = {asked.service: _Cell() for asked in data.cells if _is_shown(asked)}
        if isinstance(data, RunForecast):
            self._takes = _forecast(data)
            return [self._takes]
        if isinstance(data, RunPhase):
            return self._phase_changed(event.t, data)
        name = event.cell or self._cell_of.get(event.conn or "")
        cell = self._cells.get(name or "")
        if name is None or cell is None:
            return []
        if isinstance(data, CellState):
            return self._state_changed(name, cell, data)
        if isinstance(data, Request) and data.phase == "during":
            cell.used = cell.used or data.needs_rabbitmq
        lost = isinstance(data, BrokerLog) and data.reason == "missed_heartbeats"
        if lost and "asking" not in cell.passed and cell.word != "lost" and not cell.used:
            # How long after its last octet is known when the capture has been read: the verdict tells.
            cell.word, cell.fate = "lost", LOST
            return [f"{name}: {cell.fate}"]
        return []

    def _phase_changed(self, t: float, phase: RunPhase) -> list[str]:
        self._phase = phase.phase
        if self._phase == "idle":
            self._until = t if phase.until is None else phase.until
            return [f"idle for {seconds(self._until - t)} more: {phase.meanwhile}"]
        return [self._phase]

    def _state_changed(self, name: str, cell: _Cell, entered: CellState) -> list[str]:
        if entered.state == REMOVED:
            return []
        if entered.state == "opened" and "done" in cell.passed:
            cell.rounds += 1
            cell.state = "idling"
            played = all(other.rounds >= cell.rounds for other in self._cells.values())
            return [f"round {cell.rounds} is over"] if played else []
        cell.state = "idling" if entered.state == "opened" else entered.state
        if cell.rounds:
            return []
        if entered.state in ("asking", "done") and not cell.word and not cell.used:
            cell.word, cell.fate = "kept", "kept so far"
        if entered.state == "failed":
            cell.word, cell.fate = "failed", one_line(entered.reason, 100)
        cell.passed.add(entered.state)
        if entered.state in QUIET_STATES:
            return []
        count = sum(entered.state in other.passed for other in self._cells.values())
        fate = f", {cell.fate}" if cell.fate else ""
        return [f"{name}: {entered.state}{fate} ({count} of {len(self._cells)})"]
