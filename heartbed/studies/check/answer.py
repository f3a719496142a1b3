"""What ``heartbed check`` says to people."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from heartbed.candidates.adapted import diff
from heartbed.places import short
from heartbed.record.kinds import Request
from heartbed.report.terminal import explain_command
from heartbed.report.words import STYLES, cost_words, phrases, sentence
from heartbed.studies.check.checked import DID_NOT_ACT, FIRST, Checked, Tried
from heartbed.studies.check.fates import fate, said
from heartbed.studies.check.ran import ran
from heartbed.verdict.answer import when
from heartbed.verdict.values import Outcome
from heartbed.wording import count


def show(checked: Checked, out: Console) -> None:
    """The answer for people: the verdict, what to do and what it costs, then on what all of that rests."""
    _verdict(checked, out)
    _changes(checked, out)
    _what(checked, out)
    _replaced(checked, out)
    _footer(checked, out)


def _what(checked: Checked, out: Console) -> None:
    draft = checked.prepared.draft
    read = f"{escape(draft.source.main.shown)}, as {draft.kind.server} reads it"
    out.print(f"\n[bold]What ran[/]: {read}", soft_wrap=True)
    for name, value in ran(checked.prepared, checked.verdict).items():
        out.print(f"  [dim]{name:<9}[/]{escape(value)}", soft_wrap=True)
    for text in draft.assumptions:
        out.print(f"  [dim]assumed  [/]{escape(text)}", soft_wrap=True)
    for text in checked.prepared.oddities:
        out.print(f"  [yellow]note     [/]{escape(text)}", soft_wrap=True)


def _replaced(checked: Checked, out: Console) -> None:
    adapted = checked.prepared.draft.adapted
    if not adapted.replacements:
        out.print("\nNothing had to be replaced to run it here.")
        return
    files = len(adapted.source.files)
    more = f" (with {count(files - 1, 'file')} that it includes)" if files > 1 else ""
    out.print(f"\nReplaced in a copy{more}, to run it here; your files are as they were:", soft_wrap=True)
    for file in adapted.source.files:
        for line in diff(file, list(file.lines), adapted.text(file)).splitlines():
            style = {"+": "green", "-": "red", "@": "dim"}.get(line[:1], "")
            out.print(Text(f"  {line}", style=style), soft_wrap=True)
    for reason, names in adapted.reasons().items():
        out.print(Padding(Text(f"{names}: {reason}", style="dim"), (0, 0, 0, 2)))


def _verdict(checked: Checked, out: Console) -> None:
    cell, run = checked.verdicts[0], checked.data.verdict
    # The worst first: what hangs outranks what is lost.
    for each in sorted(checked.verdicts, key=lambda each: each.outcome.rank):
        fared = Text(", ").join(Text(p.text, style=STYLES[p.outcome]) for p in phrases(each, run.heartbeat_s))
        under = f" ({each.probe})" if len(checked.verdicts) > 1 else ""
        out.print(Text.assemble((each.cell, "bold"), under, ": ", fared))
        out.print(Padding(Text(sentence(each.why)), (0, 0, 0, 2)))
    if cost := cost_words(cell.cost):
        out.print(f"  The first request after the idle period took {escape(cost)}.")
    for line in _own_application(checked):
        out.print(Padding(Text(line, style="yellow"), (0, 0, 0, 2)))
    for note in dict.fromkeys(note for each in checked.verdicts for note in each.notes):
        out.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))


def _own_application(checked: Checked) -> list[str]:
    """What is to be said where a user's own application opened no connection."""
    own = checked.prepared.draft.wishes.own
    if own is None or checked.verdicts[0].connections or checked.verdicts[0].outcome is Outcome.FAILED:
        return []
    asked = checked.data.of_cell(checked.verdicts[0], Request)
    statuses = dict.fromkeys(str(e.data.status) for e in asked if e.data.what in ("cast", "call"))
    answered = f"{own.opening} was answered with {', '.join(statuses)}, and opened no connection"
    return [f"{answered}: --open 'GET /path' names a request that makes your application use RabbitMQ"]


def _changes(checked: Checked, out: Console) -> None:
    if not checked.tried:
        return
    marks = [_mark(checked, each) for each in (*checked.tried, *checked.pairs)]
    width = max(len(text) for text in (*marks, DID_NOT_ACT)) + 2
    then = "; what survived there, under the other probes as well" if checked.later else ""
    out.print(f"\n[bold]One change at a time, in the same run{then}[/]")
    for each in sorted((each for each in checked.tried if each.acted), key=lambda each: not each.keeps):
        _change(checked, each, width, out)
    for each in checked.tried:
        if not each.acted:
            told = f"{each.mend.what}: with it the application says that it is what it is without it"
            out.print(f"  [dim]{DID_NOT_ACT:<{width}}{escape(told)}[/]")
    for name, reason in checked.dropped.items():
        out.print(f"  [dim]{'not tried':<{width}}{escape(name)}: {escape(reason)}[/]")
    if any(each.keeps for each in checked.tried):
        played = [verdict.probe for verdict in checked.verdicts]
        if untried := [name for name in FIRST if name not in played]:
            out.print(f"  [dim]All this is {when(*played)} alone: {when(*untried)} it may fare otherwise.[/]")
    elif not checked.verdict.outcome.good:
        _pairs(checked, width, out)


def _pairs(checked: Checked, width: int, out: Console) -> None:
    """What is told where no single change keeps the connections."""
    out.print("  No single change that was tried keeps the connections.")
    if checked.pairs:
        out.print("\n[bold]Two changes at a time, in a window of their own[/]")
        for each in checked.pairs:
            if each.keeps:
                _change(checked, each, width, out)
        rest = Counter(str(each.verdict.outcome) for each in checked.pairs if each.acted and not each.keeps)
        words = ", ".join(f"{number} {outcome}" for outcome, number in rest.items())
        others = "; of the others" if any(each.keeps for each in checked.pairs) else ":"
        out.print(f"  {count(len(checked.pairs), 'pair')} tried" + (f"{others} {words}." if words else "."))


def _change(checked: Checked, each: Tried, width: int, out: Console) -> None:
    mark, style = _mark(checked, each), "green" if each.keeps else STYLES[each.verdict.outcome]
    out.print(Text.assemble("  ", (f"{mark:<{width}}", style), (each.mend.what, "bold" if each.keeps else "")))
    if told := _under_each(checked, each):
        out.print(Padding(Text(told, style="dim"), (0, 0, 0, width + 2)))
    if each.verdict.outcome is Outcome.INCONCLUSIVE:
        out.print(Padding(Text(sentence(each.verdict.why), style="dim"), (0, 0, 0, width + 2)))
    if each.keeps and not checked.verdict.outcome.good:
        price = f"costs: {each.mend.price or 'nothing elsewhere'}"
        out.print(Padding(Text(price, style="dim"), (0, 0, 0, width + 2)))
        for line in each.mend.lines.splitlines():
            out.print(Text(f"{'':{width + 4}}{line}"), soft_wrap=True)


def _mark(checked: Checked, each: Tried) -> str:
    """What is told of a change first: what is worst."""
    if each.keeps:
        return "keeps"
    if len(each.verdicts) > 1:
        return "not played" if each.verdict.outcome.good else str(each.verdict.outcome)
    return said(each.verdict, checked.data.verdict.heartbeat_s)


def _under_each(checked: Checked, each: Tried) -> str:
    """How it fared under each probe, where there are several; under which it was not played at all."""
    if len(each.verdicts) < 2:
        return ""
    names = [verdict.probe for verdict in each.verdicts]
    missing = [name for name in each.played if name not in names] if each.verdict.outcome.good else []
    played = fate(each.verdicts, checked.data.verdict.heartbeat_s)
    played = played if ";" in played else f"{played} {when(*names)}"
    return f"{played}; not played {when(*missing)}" if missing else played


def _footer(checked: Checked, out: Console) -> None:
    for reason in filter(None, (data.verdict.reason for data in (checked.data, *checked.later))):
        out.print(f"\n[yellow]The run is inconclusive: {escape(reason)}[/]")
    out.print()
    for data in (checked.data, *checked.later):
        out.print(f"[dim]report   [/]{escape(short(data.folder / 'report.html'))}", soft_wrap=True)
    closer = explain_command(checked.run_of(checked.verdict), checked.verdict)
    out.print(f"[dim]closer   [/]{escape(closer)}", soft_wrap=True)
