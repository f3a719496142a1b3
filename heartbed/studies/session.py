"""What every study plays cells with: the settings, the terminal, the live view, and the one way to play."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Self

from rich.console import Console

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cells.subject import Scenario
from heartbed.errors import InputError, NoCellLeftError
from heartbed.files import save
from heartbed.record.bus import Listener
from heartbed.record.event import Event, read
from heartbed.record.kinds import RunPhase
from heartbed.report import RunData
from heartbed.report.about import About
from heartbed.report.console import console
from heartbed.report.live import LiveView
from heartbed.report.loaded import load
from heartbed.report.registry import file_name, write_reports
from heartbed.run.execute import DOCKER, Parts, execute
from heartbed.run.images import images_for
from heartbed.run.playable import weight
from heartbed.studies import store
from heartbed.testbed.images.spec import ImageRef

Elsewhere = Callable[[Selection, Settings, Callable[[str], None]], Path]
"""Plays cells on other machines, and tells how it goes; the folder of the one record of it."""


@dataclass(frozen=True)
class Session:
    """Plays cells and shows how it goes; ``quiet`` shows nothing meanwhile."""

    settings: Settings
    quiet: bool = False
    err: Console = field(default_factory=lambda: console(stderr=True))
    parts: Parts = DOCKER
    listeners: Sequence[Listener] = ()
    """Told of every event of every run, beside the live view."""
    elsewhere: Elsewhere | None = None
    """What plays the cells, where not this machine does."""

    def under(self, scenarios: Sequence[Scenario]) -> Self:
        """The same session, in which other probes are played."""
        return replace(self, settings=replace(self.settings, scenarios=tuple(scenarios)))

    def in_copies(self, copies: int) -> Self:
        """The same session, in which a cell is played in so many copies where chance decides."""
        return replace(self, settings=replace(self.settings, copies=copies))

    def divided(self, cells: Sequence[Cell], division: Division | None) -> tuple[Self, tuple[Cell, ...]]:
        """The session and the cells of one shard; of the whole where none is named. Raises ``InputError``."""
        if division is None:
            return self, tuple(cells)
        if self.elsewhere is not None:
            raise InputError("a scheduler divides the cells itself", hint="give --shard or --scheduler, not both")
        mine, share = division.share(cells, partial(weight, settings=self.settings))
        self.say(f"shard {division}: {len(mine)} of {len(cells)} cells; `heartbed merge` puts shards together")
        return replace(self, settings=replace(self.settings, share=share)), mine

    def say(self, text: str) -> None:
        """A line about what goes on."""
        if not self.quiet:
            self.err.print(text, markup=False, soft_wrap=True)

    def images(self, cells: Iterable[Cell]) -> dict[str, ImageRef]:
        """The images that cells need, made where they are missing."""
        return images_for(cells, self.err, quiet=self.quiet)

    def record(self, selection: Selection) -> Path:
        """Play the cells in one run; the folder of its record, not yet judged. Raises what ``execute`` does."""
        if self.elsewhere is not None:
            return self._told(self.elsewhere(selection, self.settings, self.say))
        names = [cell.name for cell in selection.cells]
        with LiveView(names, self.settings.heartbeat_s, quiet=self.quiet, console=self.err) as view:
            return execute(selection, self.settings, self.images, [view, _get_ready, *self.listeners], self.parts)

    def _told(self, folder: Path) -> Path:
        """Tell the listeners what has happened elsewhere."""
        for event in read(folder) if self.listeners else ():
            for listener in self.listeners:
                listener(event)
        return folder

    def judge(self, folder: Path) -> RunData:
        """The verdicts on a record, which are written beside it with the report. Raises ``TestbedError``."""
        data = load(self.settings.runs, str(folder))
        store.keep(data)
        return data

    def tell(self, told: About, run: RunData | str) -> Path:
        """Leave what a run was made for beside its record, and make its report anew: the path of that.

        A run of which the name is given is read again, with the others of its study.
        """
        folder = self.settings.runs / run if isinstance(run, str) else run.folder
        save(folder / told.FILE, told.as_json())
        write_reports(load(self.settings.runs, str(folder)) if isinstance(run, str) else replace(run, about=told))
        return folder / file_name("html")

    def play(
        self,
        cells: Sequence[Cell],
        *,
        left_out: Sequence[tuple[str, str]] = (),
        needed: frozenset[str] = frozenset(),
    ) -> tuple[RunData | None, dict[str, str]]:
        """Play cells in one run; those that do not start are left out of it, and the reasons returned.

        None where no cell is left. Raises ``CellFailedError`` for one of the ``needed`` that does not start, and
        another ``TestbedError`` for anything else that does not come up.
        """
        if not cells:
            return None, {}
        optional = frozenset(cell.name for cell in cells) - needed
        try:
            data = self.judge(self.record(Selection(tuple(cells), tuple(left_out), optional)))
        except NoCellLeftError as error:
            return None, self._left_out(error.reasons)
        reasons = {each["name"]: each["reason"] for each in data.verdict.left_out}
        return data, self._left_out({cell.name: reasons[cell.name] for cell in cells if cell.name in reasons})

    def _left_out(self, reasons: dict[str, str]) -> dict[str, str]:
        for name, reason in reasons.items():
            self.say(f"left out: {name}: {reason}")
        return reasons


def _get_ready(event: Event) -> None:
    """Load what telling of a run takes as soon as nothing is measured any more: its end is waited for anyway."""
    if isinstance(event.data, RunPhase) and event.data.phase == "dissecting":
        threading.Thread(target=_load, name="get-ready", daemon=True).start()


def _load() -> None:
    # Where it fails, so will telling of the run, which says so.
    with suppress(Exception):
        store.get_ready()
