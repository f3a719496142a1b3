"""``report.md``: the run as a comment on a change, for Gerrit or GitHub.

GitHub folds ``details`` away; where they are shown as text, the comment still
reads from top to bottom.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from heartbed.report import page
from heartbed.report.across import NOT_PLAYED, Across, across, word
from heartbed.report.data import RunData
from heartbed.report.findings import findings
from heartbed.report.matrix import by_probe, matrix
from heartbed.report.proofs import proofs
from heartbed.report.text import one_line, printable
from heartbed.report.words import control_words, cost_words, number, phrases, question, sentence, which
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict, Outcome

FILE = "report.md"

SIGNS = {
    Outcome.HUNG: "⏳",
    Outcome.LOST: "❌",
    Outcome.FAILED: "❌",
    Outcome.LEAKED: "💧",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.RECOVERED: "♻️",
    Outcome.KEPT: "✅",
}

MOST_NAMES = 12
"""Cells that a finding names."""

SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~>@$])")
"""What Markdown, or GitHub's mentions and formulas, could act on."""


def render(run: RunData) -> str:
    """The answer, the matrix and, folded away, the evidence for each cell that is not kept."""
    return "\n".join(_lines(run)).rstrip() + "\n"


def escaped(text: object) -> str:
    """Text on one line in which nothing is markup."""
    plain = one_line(text).replace("&", "&amp;").replace("<", "&lt;")
    return SPECIAL.sub(r"\\\1", plain)


def _lines(run: RunData) -> Iterator[str]:
    verdict = run.verdict
    yield from (f"### {SIGNS[verdict.outcome]} {escaped(question(verdict))}", "", f"**{escaped(verdict.answer)}**", "")
    if verdict.reason:
        yield from (f"The run is inconclusive: {escaped(verdict.reason)}", "")
    probes = by_probe(verdict.cells)
    if (table := across(verdict.cells)) is not None:
        yield from _across(table)
    for probe, cells in probes.items():
        if [*probes] != ["idle"]:
            yield from (f"#### {escaped(probe)}", "")
        yield from _table(run, cells)
        yield ""
    for finding in findings(verdict.cells):
        members = f"`{_code(which(finding.cells, verdict.cells, MOST_NAMES))}`"
        # What was said of each cell is folded away below; an explanation that holds for all of them is enough here.
        said = sentence(finding.short) if finding.outcome else finding.short
        yield f"- **{escaped(finding.title) if finding.outcome else 'note'}**: {escaped(said)} ({members})"
    yield ""
    for cell in verdict.cells:
        if not cell.outcome.good:
            yield from _evidence(run, cell)
    controls = ", ".join(f"{escaped(control_words(c.name))}: {escaped(c.observed)}" for c in verdict.controls) or "none"
    versions = ", ".join(f"{escaped(name)} {escaped(version)}" for name, version in verdict.versions.items())
    lag = verdict.lag.max_ms
    yield f"Heartbeat timeout {number(verdict.heartbeat_s)} s. Controls: {controls}. {versions}."
    yield f"Machine lag: {f'at most {lag:.1f} ms' if lag is not None else 'not measured'}. Run {escaped(verdict.run)}."
    for item in page.missing(run):
        yield f"Not observed: {escaped(item)}."


def _across(table: Across) -> Iterator[str]:
    """What became of each cell under each probe, a word each."""
    yield f"| {table.corner} | {' | '.join(escaped(column) for column in table.columns)} |"
    yield f"|---|{'---|' * len(table.columns)}"
    for row in table.rows:
        places = (f"{SIGNS[cell.outcome]} {word(cell)}" if cell else NOT_PLAYED for cell in row.places)
        yield f"| `{_code(row.label)}` | {' | '.join(places)} |"
    yield ""


def _table(run: RunData, cells: list[CellVerdict]) -> Iterator[str]:
    table = matrix(cells)
    if table is None:
        yield from ("| cell | verdict | cause | first request |", "|---|---|---|---|")
        for cell in cells:
            columns = (
                f"`{_code(cell.cell)}`",
                _said(run, cell),
                escaped(cause_words(cell.cause)),
                cost_words(cell.cost),
            )
            yield f"| {' | '.join(columns)} |"
        return
    yield f"| | {' | '.join(escaped(column) for column in table.columns)} |"
    yield f"|---|{'---|' * len(table.columns)}"
    for row in table.rows:
        places = (_said(run, cell) if cell else "not run" for cell in row.cells)
        yield f"| `{_code(row.label)}` | {' | '.join(places)} |"


def _said(run: RunData, cell: CellVerdict) -> str:
    return "<br>".join(f"{SIGNS[p.outcome]} {p.text}" for p in phrases(cell, run.verdict.heartbeat_s))


def _evidence(run: RunData, cell: CellVerdict) -> Iterator[str]:
    columns = " and ".join(phrase.text for phrase in phrases(cell, run.verdict.heartbeat_s))
    under = "" if cell.probe == "idle" else f" under {_html(cell.probe)}"
    yield from (f"<details><summary>{_html(cell.cell)}{under}: {columns}</summary>", "", escaped(cell.why), "")
    if cost := cost_words(cell.cost):
        yield from (f"First request afterwards: {cost}.", "")
    text = [f"{proof.at:+.3f} s  {proof.source}: {printable(proof.text)}" for proof in proofs(run, cell)]
    if text:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", "\n".join(text))), default=0))
        yield from (fence, *text, fence, "")
    yield from ("</details>", "")


def _html(text: object) -> str:
    return one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _code(text: object) -> str:
    """Text for a code span in a table: it can hold neither a backtick nor a bar."""
    return one_line(text).replace("`", "'").replace("|", "¦")
