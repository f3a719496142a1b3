"""The end of a run on a terminal: the verdicts, what was found, and where to look closer.

Reads well at 60 columns and where only ASCII can be shown. Colour repeats
what the words say and is left out by ``rich`` where it is not wanted.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heartbed.places import short
from heartbed.record import folder as runfolder
from heartbed.report import page
from heartbed.report.across import NARROWEST, NOT_PLAYED, Across, across, heading, parts, spoken, taken, word
from heartbed.report.data import RunData
from heartbed.report.findings import findings, telling
from heartbed.report.matrix import Matrix, by_probe, matrix
from heartbed.report.text import one_line, printable
from heartbed.report.words import STYLES, control_words, cost_words, milliseconds, phrases, sentence, which
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.merged import in_any_shard
from heartbed.verdict.values import CellVerdict, Outcome
from heartbed.wording import count

ASCII_HEAD = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""As ``SIMPLE_HEAD``, for terminals that know only ASCII."""

NAME = "heartbed"
PAGE = "report.html"
FAILED = "control_failed"
MACHINE = "machine"
MOST_NAMES = 6
"""Cells that a finding names."""

MOST_NAMES_OF_PROBES = 20
"""The same where several probes were played: no cell has a line of its own there that tells why."""

MOST_COSTS = 20
"""A longer list of cells has a line for each, and tells of their requests in the report only."""

NARROWEST_PLACE = 18
"""Columns that ``lost after 60.0 s`` takes."""

PASSING = {"uvx": "archive-v0", "pipx run": "pipx"}
"""What runs a program without installing it -> the folder of its cache that has the environment."""


def summary(run: RunData) -> RenderableType:
    """The last screen of a run, to be printed by ``rich``. Names ``report.html`` if it has been written."""
    page_path = run.folder / PAGE
    return Summary(run, short(page_path) if page_path.is_file() else "")


def _program() -> str:
    """How this program was called, if it was by its name; uvx and pipx run have it in an environment of their own."""
    for runner, mark in PASSING.items():
        if mark in Path(sys.prefix).parts:
            return f"{runner} {NAME}"
    called = Path(sys.argv[0])
    return shlex.quote(short(called)) if called.name == NAME and not shutil.which(NAME) else NAME


def explain_command(run: RunData, cell: CellVerdict) -> str:
    """The command that tells the story of a cell, to be pasted here."""
    which = "" if runfolder.is_newest(run.folder) else f" {shlex.quote(short(run.folder))}"
    return f"{_program()} explain {shlex.quote(one_line(cell.cell))}{which}"


@dataclass(frozen=True)
class Summary:
    """The verdicts, what was found, and where to look closer; ``report`` is the page's path, or empty."""

    run: RunData
    report: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        screen = _Screen(self.run, options)
        yield from screen.verdicts()
        yield from screen.findings()
        yield from screen.answer()
        yield from screen.footer(self.report)


class _Screen:
    def __init__(self, run: RunData, options: ConsoleOptions) -> None:
        self.run = run
        self.width = options.max_width
        self.ascii = options.ascii_only
        self.most_names = MOST_NAMES if len(by_probe(run.verdict.cells)) < 2 else MOST_NAMES_OF_PROBES

    def text(self, content: object, style: str = "") -> Text:
        return Text(printable(content, ascii_only=self.ascii), style=style)

    def verdicts(self) -> RenderResult:
        shown_once = False
        if (table := across(self.run.verdict.cells)) is not None:
            yield from map(self.across, fitting) if (fitting := parts(table, self.width)) else [self.spoken(table)]
            return
        probes = by_probe(self.run.verdict.cells)
        for probe, cells in probes.items():
            shown = matrix(cells)
            wide = shown is not None and (
                len(shown.columns) == 2 or self.width >= 26 + NARROWEST_PLACE * len(shown.columns)
            )
            title = "" if [*probes] == ["idle"] else probe
            yield self.matrix(shown, title) if shown and wide else self.list(cells, title)
            shown_once |= bool(shown and wide) or len(cells) <= MOST_COSTS
        if shown_once and any(cost_words(cell.cost) for cell in self.run.verdict.cells):
            yield self.text("below each verdict: the first request after the idle period (median before)", "dim")

    def across(self, shown: Across) -> Table:
        """The verdicts on all cells under all probes, a word each."""
        table = self.table("", shown.corner, *map(heading, shown.columns), least=0)
        room = self.width - taken(shown)
        for row in shown.rows:
            label = textwrap.fill(one_line(row.label), max(NARROWEST, room), break_long_words=False)
            words = ((word(cell), STYLES[cell.outcome]) if cell else (NOT_PLAYED, "dim") for cell in row.places)
            table.add_row(self.text(label), *(self.text(*each) for each in words))
        return table

    def spoken(self, shown: Across) -> Table:
        """The verdicts where the terminal is too narrow for a table."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for row in shown.rows:
            grid.add_row(self.text(one_line(row.label), "bold"))
            grid.add_row(Padding(self.text(spoken(row, shown.columns)), (0, 0, 0, 2)))
        return grid

    def table(self, title: str, *columns: str, least: int = 12) -> Table:
        table = Table(
            box=ASCII_HEAD if self.ascii else SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True
        )
        table.title = self.text(title, "bold") if title else None
        table.title_justify = "left"
        for number, column in enumerate(columns):
            table.add_column(self.text(column), overflow="fold", ratio=None, min_width=least if number else None)
        return table

    def matrix(self, shown: Matrix, title: str) -> Table:
        table = self.table(title, "", *shown.columns)
        for row in shown.rows:
            table.add_row(self.text(self.narrowed(row.label)), *(self.place(cell) for cell in row.cells))
        return table

    def list(self, cells: list[CellVerdict], title: str) -> Table:
        table = self.table(title, "cell", "verdict")
        costs = len(cells) <= MOST_COSTS
        for cell in cells:
            table.add_row(self.text(self.narrowed(cell.cell)), self.place(cell, why=True, cost=costs))
        return table

    def narrowed(self, name: str) -> str:
        """A name in as many lines as it takes to leave room for the verdicts, broken at its dashes."""
        return textwrap.fill(one_line(name), max(20, self.width - 44), break_long_words=False)

    def place(self, cell: CellVerdict | None, *, why: bool = False, cost: bool = True) -> Text:
        if cell is None:
            return self.text("not run", "dim")
        lines = [self.text(p.text, STYLES[p.outcome]) for p in phrases(cell, self.run.verdict.heartbeat_s)]
        if why and cell.cause:
            lines.append(self.text(cause_words(cell.cause)))
        if cost and (took := cost_words(cell.cost).replace("before: ", "")):
            lines.append(self.text(took, "dim"))
        return Text("\n").join(lines)

    def findings(self) -> RenderResult:
        cells = self.run.verdict.cells
        found = [f for f in findings(cells) if not (self.run.verdict.reason and f.cause == FAILED)]
        if found:
            yield Text()
        shown = telling(found, cells)
        for finding in shown:
            where = f" ({which(finding.cells, cells, self.most_names)})"
            if finding.outcome is None:
                yield Text.assemble(
                    self.text("note", "bold"), self.text(f": {one_line(finding.why)}"), self.text(where, "dim")
                )
                continue
            word = self.text(finding.outcome, STYLES[finding.outcome])
            yield Text.assemble(word, self.text(f": {finding.title}"), self.text(where, "dim"))
            example = "" if finding.same_words or finding.short != finding.why else f"{finding.cells[0].cell}: "
            yield Padding(self.text(example + sentence(finding.short)), (0, 0, 0, 2))
        if more := len(found) - len(shown):
            yield self.text(f"{count(more, 'more note')}: in the report, and by {NAME} explain", "dim")

    def answer(self) -> RenderResult:
        verdict = self.run.verdict
        yield Text()
        yield self.text(one_line(verdict.answer), "bold")
        if verdict.reason and verdict.reason not in verdict.answer:
            yield self.text(f"The run is inconclusive: {one_line(verdict.reason)}", STYLES[Outcome.INCONCLUSIVE])
        yield Text()

    def footer(self, report: str) -> Iterator[Table]:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim")
        grid.add_column(overflow="fold")
        for label, said, good in self.controls():
            grid.add_row(label, self.text(one_line(said), "" if good else STYLES[Outcome.LOST]))
        for item in page.missing(self.run):
            grid.add_row("missing", self.text(one_line(item), STYLES[Outcome.INCONCLUSIVE]))
        if report:
            grid.add_row("report", self.text(report))
        if closer := self.closer():
            grid.add_row("look closer", self.text(explain_command(self.run, closer)))
        yield grid

    def controls(self) -> Iterator[tuple[str, str, bool]]:
        """The controls that are as they must be in one line, each other with what it must be; label, words, good."""
        controls, lag = self.run.verdict.controls, self.run.verdict.lag.max_ms
        bad = {in_any_shard(control.name) for control in controls if not control.ok}
        names = dict.fromkeys(in_any_shard(control.name) for control in controls)
        well = [control_words(name) for name in names if name not in bad and name.partition(".")[0] != MACHINE]
        good = [name.removeprefix("control-") for name in well]
        shards = len(self.run.shards)
        where = f" in {'the one shard' if shards == 1 else f'all {shards} shards'}" if shards else ""
        late = "lag of the machine was not measured" if lag is None else f"lag at most {milliseconds(lag)}"
        if not controls:
            yield "controls", f"none; {late}", False
        elif good:
            yield "controls", f"{', '.join(good)} as they must be{where}; {late}", True
        for control in controls:
            if not control.ok:
                name = control_words(control.name)
                yield "failed", f"{name}: {control.observed} (must be: {control.expected})", False

    def closer(self) -> CellVerdict | None:
        """The cell that is most worth a closer look: the first of the worst."""
        return min(self.run.verdict.cells, key=lambda cell: cell.outcome.rank, default=None)
