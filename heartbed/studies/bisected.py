"""What ``heartbed bisect`` says to people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.report.about.bisect import Bisect, Step
from heartbed.report.words import after_s, outcome_words
from heartbed.studies.batch import answer
from heartbed.studies.bisect import Boundary
from heartbed.studies.gitbisect import Change
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict
from heartbed.versions.git import SHORT
from heartbed.wording import count


def show(boundary: Boundary, cell: Cell, out: Console) -> None:
    """Which releases were tried, and between which two the verdict changes."""
    out.print(_tried(boundary))
    for line in _lines(boundary, cell, axes.TABLE.library(boundary.word).package):
        out.print(line, markup=False)


def told(boundary: Boundary, cell: Cell, runs: Sequence[str]) -> Bisect:
    """What the report is told; it becomes that of the last of the ``runs``."""
    package, search = axes.TABLE.library(boundary.word).package, boundary.search
    steps = {
        version: _step(version, verdict, _tried_of(boundary, version))
        if (verdict := search.verdicts.get(version))
        else Step(version=version, words=f"skipped: {search.skipped[version]}")
        for version in search.versions
        if version in search.verdicts or version in search.skipped
    }
    return Bisect(
        package=package,
        subject=cell.name,
        before=steps[boundary.before],
        after=steps[boundary.after],
        steps=list(steps.values()),
        said=_sentences(_lines(boundary, cell, package)),
        beside=[*dict.fromkeys(runs)][:-1],
    )


def told_of_commits(change: Change, cell: Cell, runs: Sequence[str]) -> Bisect:
    """Likewise of commits."""
    hunt, git = change.hunt, change.hunt.ends.repository
    steps = {
        commit: _step(commit[:SHORT], verdict, "", git.subject(commit))
        if (verdict := hunt.verdicts.get(commit))
        else Step(version=commit[:SHORT], words=f"skipped: {hunt.skipped[commit]}", subject=git.subject(commit))
        for commit in git.in_order([*hunt.verdicts, *hunt.skipped])
    }
    return Bisect(
        package=hunt.ends.package,
        what="commit",
        subject=cell.name,
        before=steps[change.before],
        after=steps[change.commit],
        steps=list(steps.values()),
        said=_sentences(_lines_of_commits(change, cell)),
        beside=[*dict.fromkeys(runs)][:-1],
    )


def _step(version: str, verdict: CellVerdict, often: str, subject: str = "") -> Step:
    return Step(
        version=version,
        words=answer(verdict).words + often,
        outcome=verdict.outcome,
        cause=cause_words(verdict.cause) if verdict.cause else "",
        cell=verdict.cell,
        subject=subject,
    )


def _sentences(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def show_commits(change: Change, cell: Cell, out: Console) -> None:
    """Which commits were tried, and with which the verdict changes."""
    hunt, git = change.hunt, change.hunt.ends.repository
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (hunt.ends.package, "verdict", "cause", "commit"):
        table.add_column(title)
    for commit in git.in_order([*hunt.verdicts, *hunt.skipped]):
        verdict = hunt.verdicts.get(commit)
        told = (answer(verdict).words, cause_words(verdict.cause) if verdict.cause else "") if verdict else ()
        table.add_row(commit[:SHORT], *(told or ("skipped", hunt.skipped[commit])), git.subject(commit))
    out.print(table)
    for line in _lines_of_commits(change, cell):
        out.print(line, markup=False, soft_wrap=True)


def _lines_of_commits(change: Change, cell: Cell) -> list[str]:
    hunt, git = change.hunt, change.hunt.ends.repository
    probe = hunt.verdicts[change.commit].probe
    under = "" if probe == "idle" else f" under {probe}"
    short = change.commit[:SHORT]
    lines = ["", f"The verdict on {cell.name}{under} changes with {short}: {git.subject(change.commit)}"]
    for commit in (change.before, change.commit):
        verdict = hunt.verdicts[commit]
        words = answer(verdict).words
        said = outcome_words(verdict.outcome, after_s(verdict)) if words == verdict.outcome else words
        lines.append(f"  {commit[:SHORT]}  {said}: {verdict.why}")
    if change.between:
        listed = ", ".join(commit[:SHORT] for commit in change.between)
        lines.append(f"  It may be one before: of {listed} nothing is known.")
    tried, every = len(hunt.verdicts) + len(hunt.skipped), git.count(hunt.ends.early, hunt.ends.late) + 1
    windows = count(hunt.windows, "idle window")
    lines.append(f"  Found in {windows} with {tried} of {every} commits: git -C {git.path} show {short}")
    return lines


def _tried(boundary: Boundary) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (axes.TABLE.library(boundary.word).package, "verdict", "cause"):
        table.add_column(title)
    for version in boundary.search.versions:
        if verdict := boundary.search.verdicts.get(version):
            told = answer(verdict).words + _tried_of(boundary, version)
            table.add_row(version, told, cause_words(verdict.cause) if verdict.cause else "")
        elif reason := boundary.search.skipped.get(version):
            table.add_row(version, "skipped", reason)
    return table


def _tried_of(boundary: Boundary, version: str) -> str:
    """How often a release was tried, where chance decides."""
    tally = boundary.search.tallies[version]
    return f" ({tally.seen} of {tally.tried} tries hung)" if tally.tried > 1 else ""


def _chance(boundary: Boundary) -> list[str]:
    """How sure it is that what did not hang never does, where chance decides."""
    search, share = boundary.search, boundary.search.share
    quiet = [v for v in (boundary.before, boundary.after) if search.tallies[v].tried and not search.tallies[v].seen]
    if share is None or not quiet:
        return []
    hanging = [tally for tally in search.tallies.values() if tally.seen]
    seen, tried = sum(each.seen for each in hanging), sum(each.tried for each in hanging)
    lines = [f"  Chance decides whether it hangs: releases that do hung in {seen} of {tried} tries."]
    for version in quiet:
        times = search.tallies[version].tried
        missed = (1 - share) ** times
        lines.append(
            f"  {version} never did in {times} {'try' if times == 1 else 'tries'}: one that hangs as often "
            f"would come through so many in {missed:.1%} of all cases."
        )
    return lines


def _lines(boundary: Boundary, cell: Cell, package: str) -> list[str]:
    verdicts = boundary.search.verdicts
    before, after = verdicts[boundary.before], verdicts[boundary.after]
    under = "" if before.probe == "idle" else f" under {before.probe}"
    lines = ["", f"The verdict on {cell.name}{under} changes with {package} {boundary.after}:"]
    for version, verdict in ((boundary.before, before), (boundary.after, after)):
        words = answer(verdict).words
        said = outcome_words(verdict.outcome, after_s(verdict)) if words == verdict.outcome else words
        lines.append(f"  {version:<8} {said}: {verdict.why}")
    lines += _chance(boundary)
    if boundary.between:
        lines.append(
            f"  It may be as early as {boundary.between[0]}: of {', '.join(boundary.between)} nothing is known."
        )
    if answer(after) != answer(verdicts[boundary.search.versions[-1]]):
        last = boundary.search.versions[-1]
        lines.append(
            f"  It is not yet that of {last}: bisect again from {boundary.word}{boundary.after} to find the next."
        )
    if boundary.stray:
        lines.append(
            f"  It is not the only change: {', '.join(boundary.stray)} again has the verdict of {boundary.before}."
        )
    tried = len(verdicts) + len(boundary.search.skipped)
    windows = count(boundary.search.windows, "idle window")
    lines.append(f"  Found in {windows} with {tried} of {len(boundary.search.versions)} releases.")
    return lines
