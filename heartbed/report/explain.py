"""``heartbed explain CELL``: the story of one cell as a screen of text."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from heartbed.errors import InputError
from heartbed.report import page, timeline
from heartbed.report.data import RunData
from heartbed.report.story import story, trimmed
from heartbed.report.text import one_line, printable
from heartbed.report.words import STYLES, cost_words, phrases, remarks, sentence
from heartbed.verdict.values import CellVerdict


def explain(run: RunData, cell: str | CellVerdict) -> RenderableType:
    """The whole story of one cell, to be printed by ``rich``; of each of its probes if it is given by name.

    Raises ``InputError`` for a name that the run does not have.
    """
    if isinstance(cell, CellVerdict):
        return Explanation(run, cell)
    names = list(dict.fromkeys(each.cell for each in run.verdict.cells))
    if cell not in names:
        raise InputError(f"the run {run.verdict.run} has no cell {cell!r}", hint=f"its cells: {', '.join(names)}")
    return Group(*(Explanation(run, each) for each in run.verdict.cells if each.cell == cell))


@dataclass(frozen=True)
class Explanation:
    """The verdict, the story in order of time, and what it cost."""

    run: RunData
    cell: CellVerdict

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        def text(content: object, style: str = "") -> Text:
            return Text(printable(content, ascii_only=options.ascii_only), style=style)

        said = [text(p.text, STYLES[p.outcome]) for p in phrases(self.cell, self.run.verdict.heartbeat_s)]
        probe = "" if self.cell.probe == "idle" else f" under {one_line(self.cell.probe)}"
        yield Text.assemble(text(one_line(self.cell.cell), "bold"), probe, "  ", Text(", ").join(said))
        for differing in self.cell.disagreements:
            yield text(f"asked for {differing.what} {differing.asked}, but it is {differing.observed}", "yellow")
        yield Text()
        grid = Table.grid(padding=(0, 1))
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        lines = story(self.run, self.cell)
        shown = trimmed(lines)
        for line in shown:
            mark = "bold" if line.telling else ""
            grid.add_row(f"{line.at:+.3f}", text(line.who), text(line.what, mark))
        yield grid
        yield Text()
        yield text(sentence(self.cell.why))
        if cost := cost_words(self.cell.cost):
            yield text(f"The first request after the idle period took {cost}.")
        for note in remarks(self.cell):
            yield text(f"Note: {one_line(note)}")
        for item in page.missing(self.run, self.cell):
            yield text(f"Not observed: {one_line(item)}", "yellow")
        left_out = len(lines) - len(shown)
        more = f" {left_out} lines that tell less are left out; the report has all." if left_out else ""
        yield text(f"Times are {timeline.zero(self.run, self.cell).seconds_since}.{more}", "dim")
