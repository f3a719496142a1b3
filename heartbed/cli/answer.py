"""What ``heartbed check`` says: for people, and in the formats of gates."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from heartbed.candidate.adapted import diff
from heartbed.candidate.prepared import Prepared, count
from heartbed.errors import HeartbedError
from heartbed.mend import Mend
from heartbed.model import CellVerdict, Outcome, RunVerdict
from heartbed.report import RunData, format_names, render
from heartbed.report.terminal import explain_command
from heartbed.report.words import STYLES, cost_words, phrases, sentence
from heartbed.verdict.answer import answer

FORMATS = ("text", *(name for name in format_names() if name not in ("text", "html", "csv")))
FILES = {"json": "check.json", "junit": "check.xml", "markdown": "check.md"}
"""Format -> its file in the run's folder, for gates that want more than one."""


@dataclass(frozen=True)
class Tried:
    """A mend and the verdict on it."""

    mend: Mend
    verdict: CellVerdict

    @property
    def keeps(self) -> bool:
        """Whether it keeps the connections."""
        return self.verdict.outcome is Outcome.KEPT

    def as_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "change": self.mend.what,
            "keys": sorted(self.mend.keys),
            "outcome": str(self.verdict.outcome),
            "lost_after_s": self.verdict.lost_after_s,
            "costs": self.mend.price,
            "lines": self.mend.lines,
            "why": self.verdict.why,
        }


@dataclass(frozen=True)
class Checked:
    """A checked candidate: what was run, its verdict, and what each change would do.

    ``pairs`` are pairs of changes, from runs of their own, where no single one mends it.
    """

    prepared: Prepared[Any]
    verdict: CellVerdict
    tried: tuple[Tried, ...]
    data: RunData
    dropped: dict[str, str]
    pairs: tuple[Tried, ...] = ()

    @classmethod
    def of(cls, prepared: Prepared[Any], mends: list[Mend], data: RunData, dropped: dict[str, str]) -> Checked:
        """From one run of the candidate with its mends."""
        own = data.cell(prepared.label)
        if own is None:
            raise HeartbedError(f"the run {data.verdict.run} has no verdict on {prepared.label}")
        return cls(prepared, own, _tried(mends, data), data, dropped)

    def with_pairs(self, pairs: list[Mend], runs: Sequence[RunData]) -> Checked:
        """The same with pairs of changes, from runs of their own."""
        return replace(self, pairs=tuple(each for data in runs for each in _tried(pairs, data)))

    @property
    def keeping(self) -> list[Tried]:
        """The changes and pairs that keep the connections."""
        return [each for each in (*self.tried, *self.pairs) if each.keeps]

    @property
    def alone(self) -> RunData:
        """The run as if only the candidate had been in it: for the formats of gates."""
        verdict = self.data.verdict
        only = [self.verdict]
        said = verdict.answer if verdict.reason else answer(only)
        return replace(
            self.data,
            verdict=verdict.model_copy(update={"cells": only, "outcome": self.verdict.outcome, "answer": said}),
        )

    def as_dict(self) -> dict[str, Any]:
        """Everything, as plain data."""
        own = self.prepared.candidate
        return {
            "file": self.prepared.draft.source.main.shown,
            "run": self.data.verdict.run,
            "is": {
                **own.factors,
                "processes": own.process_count,
                "threads": own.thread_count,
                "mount": own.mount or "/",
            },
            "assumed": list(self.prepared.draft.assumptions),
            "oddities": list(self.prepared.oddities),
            "replaced": self.prepared.draft.adapted.diff(),
            "verdict": self.verdict.model_dump(mode="json"),
            "changes": [each.as_dict() for each in self.tried],
            "pairs": [each.as_dict() for each in self.pairs],
            "not_tried": self.dropped,
        }

    def save(self) -> None:
        """Write it beside the record."""
        for name, file in FILES.items():
            (self.data.folder / file).write_text(tell(self, name), encoding="utf-8")


def _tried(mends: list[Mend], data: RunData) -> tuple[Tried, ...]:
    judged = [(each, data.cell(each.candidate.name)) for each in mends]
    return tuple(Tried(each, verdict) for each, verdict in judged if verdict is not None)


def tell(checked: Checked, name: str) -> str:
    """The answer in one of ``FORMATS``."""
    if name == "json":
        return json.dumps(checked.as_dict(), indent=2) + "\n"
    content = render(name, checked.alone)
    text = content if isinstance(content, str) else content.decode("utf-8")
    return text + (_markdown(checked) if name == "markdown" else "")


def _markdown(checked: Checked) -> str:
    lines = ["", "### One change at a time", "", "| change | then | costs elsewhere |", "|---|---|---|"]
    told = (*checked.tried, *(each for each in checked.pairs if each.keeps))
    lines += [f"| {t.mend.what} | {_fate(checked, t.verdict)} | {t.mend.price or 'nothing'} |" for t in told]
    for each in checked.keeping:
        lines += ["", f"**{each.mend.what}**", "", "```diff", each.mend.lines, "```"]
    lines += ["", "<details><summary>What was replaced to run it in the testbed</summary>", "", "```diff"]
    return "\n".join([*lines, checked.prepared.draft.adapted.diff().rstrip("\n"), "```", "", "</details>", ""])


def _fate(checked: Checked, verdict: CellVerdict) -> str:
    return ", ".join(phrase.text for phrase in phrases(verdict, checked.data.verdict.heartbeat_s))


def show(checked: Checked, out: Console) -> None:
    """The answer for people."""
    _what(checked, out)
    _replaced(checked, out)
    _verdict(checked, out)
    _changes(checked, out)
    _footer(checked, out)


def _what(checked: Checked, out: Console) -> None:
    own, draft = checked.prepared.candidate, checked.prepared.draft
    out.print(f"[bold]{escape(draft.source.main.shown)}[/], as {draft.server} reads it", soft_wrap=True)
    rows = {
        **checked.prepared.rows,
        "runs": f"{own.model}, oslo.messaging {own.oslo}"
        + (f" and the rest of {own.release}" if own.release else "")
        + (f", heartbeat_in_pthread = {str(own.thread == 'pthread').lower()}" if own.model == "eventlet" else ""),
    }
    for name, value in rows.items():
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
    reasons: dict[str, dict[str, None]] = {}
    for each in adapted.replacements:
        reasons.setdefault(each.reason, {})[re.split(r"[\s=]", each.was)[0].lstrip("<")] = None
    for reason, names in reasons.items():
        out.print(Padding(Text(f"{', '.join(names)}: {reason}", style="dim"), (0, 0, 0, 2)))


def _verdict(checked: Checked, out: Console) -> None:
    cell, run = checked.verdict, checked.data.verdict
    said = Text(", ").join(Text(p.text, style=STYLES[p.outcome]) for p in phrases(cell, run.heartbeat_s))
    out.print(Text.assemble("\n", (cell.cell, "bold"), ": ", said))
    out.print(Padding(Text(sentence(cell.why)), (0, 0, 0, 2)))
    if cost := cost_words(cell.cost):
        out.print(f"  The first request after the idle period took {escape(cost)}.")
    for line in _own_application(checked):
        out.print(Padding(Text(line, style="yellow"), (0, 0, 0, 2)))
    for note in cell.notes:
        out.print(Padding(Text(note, style="dim"), (0, 0, 0, 2)))


def _own_application(checked: Checked) -> list[str]:
    """What is to be said where a user's own application opened no connection."""
    own = checked.prepared.draft.wishes.own
    if own is None or checked.verdict.connections:
        return []
    asked = checked.data.of_cell(checked.verdict.cell, "request")
    statuses = dict.fromkeys(str(e.data.get("status")) for e in asked if e.data.get("what") in ("cast", "call"))
    answered = f"{own.opening} was answered with {', '.join(statuses)}, and opened no connection"
    return [f"{answered}: --open 'GET /path' names a request that makes your application use RabbitMQ"]


def _changes(checked: Checked, out: Console) -> None:
    if not checked.tried:
        return
    kept = checked.verdict.outcome is Outcome.KEPT
    width = max(len(_fate(checked, each.verdict)) for each in (*checked.tried, *checked.pairs)) + 2
    out.print("\n[bold]One change at a time, in the same idle period[/]")
    for each in sorted(checked.tried, key=lambda each: not each.keeps):
        _change(checked, each, width, out)
    for name, reason in checked.dropped.items():
        out.print(f"  [dim]{'not tried':<{width}}{escape(name)}: {escape(reason)}[/]")
    if kept or any(each.keeps for each in checked.tried):
        return
    out.print("  No single change that was tried keeps the connections.")
    if checked.pairs:
        out.print("\n[bold]Two changes at a time, in an idle period of their own[/]")
        for each in checked.pairs:
            if each.keeps:
                _change(checked, each, width, out)
        rest = Counter(str(each.verdict.outcome) for each in checked.pairs if not each.keeps)
        words = ", ".join(f"{number} {outcome}" for outcome, number in rest.items())
        out.print(f"  {count(len(checked.pairs), 'pair')} tried" + (f"; of the others {words}." if words else "."))


def _change(checked: Checked, each: Tried, width: int, out: Console) -> None:
    fate = _fate(checked, each.verdict)
    mark, style = ("keeps", "green") if each.keeps else (fate, STYLES[each.verdict.outcome])
    out.print(Text.assemble("  ", (f"{mark:<{width}}", style), (each.mend.what, "bold" if each.keeps else "")))
    if each.verdict.outcome is Outcome.INCONCLUSIVE:
        out.print(Padding(Text(sentence(each.verdict.why), style="dim"), (0, 0, 0, width + 2)))
    if each.keeps and checked.verdict.outcome is not Outcome.KEPT:
        price = f"costs: {each.mend.price or 'nothing elsewhere'}"
        out.print(Padding(Text(price, style="dim"), (0, 0, 0, width + 2)))
        for line in each.mend.lines.splitlines():
            out.print(Text(f"{'':{width + 4}}{line}"), soft_wrap=True)


def _footer(checked: Checked, out: Console) -> None:
    verdict: RunVerdict = checked.data.verdict
    if verdict.reason:
        out.print(f"\n[yellow]The run is inconclusive: {escape(verdict.reason)}[/]")
    page = _short(checked.data.folder / "report.html")
    out.print(f"\n[dim]report   [/]{escape(page)}", soft_wrap=True)
    out.print(f"[dim]closer   [/]{escape(explain_command(checked.data, checked.verdict))}", soft_wrap=True)


def _short(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
