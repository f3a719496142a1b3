"""``heartbed runs``: all runs with their answers, from their verdicts where these are up to date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from heartbed import probes
from heartbed.errors import HeartbedError, InputError
from heartbed.files import read_octets
from heartbed.record import event as record
from heartbed.record import folder as runfolder
from heartbed.record.looked import is_look
from heartbed.report.registry import file_name
from heartbed.report.text import one_line, printable
from heartbed.report.words import STYLES
from heartbed.verdict import judge
from heartbed.verdict.look import judge_look
from heartbed.verdict.values import Outcome, RunVerdict

LONGEST_ANSWER = 240
NARROW = 90
"""Columns below which the answer goes on a line of its own."""


@dataclass(frozen=True)
class Entry:
    """One run in the list. Without a verdict, ``trouble`` says why."""

    name: str
    verdict: RunVerdict | None
    trouble: str = ""

    @property
    def cells(self) -> str:
        """How the cells fared: ``4 lost, 8 kept``."""
        if self.verdict is None:
            return ""
        counts = Counter(cell.outcome for cell in self.verdict.cells)
        return ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]) or "no cells"

    @property
    def answer(self) -> str:
        """What the run says, or why it says nothing, on one line."""
        if self.verdict is None:
            return self.trouble
        unfinished = "" if self.verdict.status == "complete" else f"({self.verdict.status}) "
        return one_line(unfinished + self.verdict.answer, LONGEST_ANSWER)

    @property
    def style(self) -> str:
        """The colour of its outcome."""
        return STYLES[self.verdict.outcome if self.verdict else Outcome.INCONCLUSIVE]


def entry(folder: Path) -> Entry:
    """What is known of the run in this folder."""
    if runfolder.is_alive(folder):
        return Entry(folder.name, None, "is going on")
    try:
        if written := _verdict_written(folder):
            return Entry(folder.name, written)
        events = record.read(folder)
        if is_look(events):
            return Entry(folder.name, None, f"a look: {judge_look(events).answer}")
        return Entry(folder.name, judge(events, probes.rules()))
    except HeartbedError as error:
        return Entry(folder.name, None, error.message)


def _verdict_written(folder: Path) -> RunVerdict | None:
    """The verdicts beside the record, unless they are older than it or cannot be read: judging takes much longer."""
    verdicts = folder / file_name("json")
    try:
        if verdicts.stat().st_mtime < (folder / record.FILE_NAME).stat().st_mtime:
            return None
        return RunVerdict.model_validate_json(read_octets(verdicts, record.LARGEST))
    except (OSError, InputError, ValidationError):
        return None


@dataclass(frozen=True)
class Listing:
    """The runs as a table, or below one another where it is narrow."""

    entries: Sequence[Entry]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        def text(content: object, style: str = "") -> Text:
            return Text(printable(content, ascii_only=options.ascii_only), style=style)

        narrow = options.max_width < NARROW
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("run", "cells") if narrow else ("run", "cells", "answer"):
            table.add_column(title, no_wrap=title == "run")
        for each in self.entries:
            if narrow:
                table.add_row(text(each.name), Text("\n").join([text(each.cells, each.style), text(each.answer)]))
            else:
                table.add_row(text(each.name), text(each.cells, each.style), text(each.answer))
        yield table
