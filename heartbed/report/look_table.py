"""A look on a terminal: a table for each server, why, and the command that reproduces it in the testbed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from heartbed.report.look_words import (
    LOOK_STYLES,
    Group,
    ago,
    clock_time,
    cost_words,
    details,
    groups,
    reasons,
    verdict_words,
    waiting,
)
from heartbed.report.text import printable
from heartbed.report.words import sentence
from heartbed.verdict.look.values import LookedAt, LookOutcome, LookVerdict

COLUMNS = ("process", "connection", "open for", "sent", "heard", "waits", "verdict")


@dataclass(frozen=True)
class LookTable:
    """The verdicts of a look; a ``brief`` one, at its beginning, without what they mean."""

    look: LookVerdict
    brief: bool = False

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        self_ascii = options.ascii_only
        for group in groups(self.look):
            yield Text(printable(group.title, ascii_only=self_ascii), style="bold")
            if group.about:
                yield Padding(Text(printable(group.about, ascii_only=self_ascii), style="dim"), (0, 0, 0, 2))
            yield Padding(self._table(group, ascii_only=self_ascii), (0, 0, 0, 2))
            if not self.brief:
                for line in _below(group):
                    yield Padding(Text(printable(line, ascii_only=self_ascii), style="dim"), (0, 0, 0, 4))
                yield from _check(group, ascii_only=self_ascii)
            yield Text("")
        for line in _footer(self.look, brief=self.brief):
            yield Text(printable(line, ascii_only=self_ascii))

    @staticmethod
    def _table(group: Group, *, ascii_only: bool) -> Table:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        for column in COLUMNS:
            table.add_column(column, no_wrap=column != "verdict")
        for process in group.processes:
            for each in process.connections:
                style = LOOK_STYLES[each.outcome]
                verdict = Text(printable(verdict_words(each), ascii_only=ascii_only), style=style)
                table.add_row(*_cells(each), verdict)
            if process.lost_sockets:
                table.add_row(str(process.pid), "not known", "-", "-", "-", "-", Text("cannot tell", style="yellow"))
        return table


def _cells(each: LookedAt) -> tuple[str, ...]:
    opened = "-" if each.open_for_s is None else f"{each.open_for_s:.0f} s{'' if each.name else '+'}"
    return str(each.pid), each.conn, opened, ago(each.sent_ago_s), ago(each.heard_ago_s), waiting(each)


def _below(group: Group) -> Iterator[str]:
    """Why; what holds for all processes of the server is said once."""
    said: dict[str, None] = {}
    for process in group.processes:
        lines = reasons(process)
        for line in (*lines, details(process) if lines else ""):
            if line and line not in said:
                said[line] = None
                yield sentence(line)


def _check(group: Group, *, ascii_only: bool) -> Iterator[RenderableType]:
    """The way back to the testbed, of the worst process."""
    ranks = [*LOOK_STYLES]
    worst = min(group.processes, key=lambda each: ranks.index(each.outcome))
    if not worst.check or worst.outcome is LookOutcome.BEATING:
        return
    yield Padding(Text("in the testbed:", style="dim"), (0, 0, 0, 2))
    yield Padding(Text(printable(worst.check, ascii_only=ascii_only)), (0, 0, 0, 4))
    for remark in worst.remarks:
        yield Padding(Text(printable(sentence(remark), ascii_only=ascii_only), style="dim"), (0, 0, 0, 4))


def _footer(look: LookVerdict, *, brief: bool) -> Iterator[str]:
    yield sentence(look.answer)
    if any(not each.name for process in look.processes for each in process.connections):
        yield "+: at least so long; the kernel does not say since when a connection exists, --broker does."
    for each in look.missing:
        yield f"Not seen: {each}."
    if brief:
        yield f"Watching for {look.asked['for_s']:g} s from {clock_time(look.until)} on ..."
    elif cost := cost_words(look):
        yield sentence(cost)
