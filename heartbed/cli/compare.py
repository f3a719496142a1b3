"""``heartbed compare``: cells and configuration files side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from heartbed import servers
from heartbed.candidates import presets
from heartbed.candidates.differences import differences
from heartbed.candidates.prepared import Draft, Prepared
from heartbed.cells import axes
from heartbed.cells import expressions as cells_
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Scenario
from heartbed.cli import completion
from heartbed.cli.common import heartbeat_option, probe_option, runs_option, untrusted_option
from heartbed.cli.wishes import wishes_of, wishes_options
from heartbed.errors import InputError
from heartbed.files import is_regular
from heartbed.report import RunData
from heartbed.report.console import console
from heartbed.report.terminal import summary
from heartbed.report.words import outcome_words
from heartbed.servers.kinds import draft, label_of
from heartbed.studies.check.candidates import CandidateSession, accepted, play, ready, testing_in
from heartbed.verdict import EXIT_CODES
from heartbed.verdict.values import CellVerdict, Outcome

SUFFIXES = (".conf", ".cfg", ".vhost", ".ini", ".yaml", ".yml", ".xml", ".json", ".py")
"""What names of configuration files end with."""

MOST_COLUMNS = 4
"""Subjects whose settings are shown side by side."""

BAD = (Outcome.HUNG, Outcome.LOST, Outcome.FAILED)


@dataclass(frozen=True)
class Subject:
    """One side of the comparison, and its telling settings as its server has them."""

    cell: Cell
    settings: Mapping[str, str]

    @property
    def program(self) -> str:
        """The program whose settings they are: all servers of a family have the same."""
        return servers.family(self.cell.server).program


@click.command()
@click.argument("subjects", metavar="[CELLS|CONF]...", nargs=-1, shell_complete=completion.expressions)
@wishes_options
@click.option("--fail-if-worse", is_flag=True, help="Exit 1 only where one is worse than the first: for gates.")
@probe_option()
@untrusted_option
@heartbeat_option()
@click.option("--quiet", "-q", is_flag=True, help="Show nothing while it works.")
@runs_option
def compare(  # noqa: PLR0913  # click hands over each option by itself
    subjects: Sequence[str],
    *,
    fail_if_worse: bool,
    scenarios: tuple[Scenario, ...],
    untrusted: bool,
    heartbeat: int,
    quiet: bool,
    runs: Path,
    **wishes: Any,
) -> int:
    """Compare prefork with event, or any cells and configuration files.

    Without arguments: prefork beside event, each embedded and daemon, with
    eventlet, with eventlet and heartbeat_in_pthread, and with native threads.
    An argument is a cell expression, a file of httpd's, uWSGI's or gunicorn's, or a preset.

    \b
    Examples:
      heartbed compare
      heartbed compare prefork-embedded event-daemon-threads4
      heartbed compare today.conf tomorrow.conf --fail-if-worse
      heartbed compare site.conf event-daemon-native
      heartbed compare --probe trickle

    Exit codes: 0 all kept, 1 some not, 2 wrong input, 3 inconclusive, 4 the testbed did not come up.
    With --fail-if-worse, 1 only where one does not keep what the first one keeps.
    """
    settings = Settings(heartbeat_s=heartbeat, runs=runs, scenarios=scenarios, untrusted=untrusted)
    selection, files = _sorted(subjects or cells_.COMPARISON)
    with testing_in(settings, quiet=quiet) as session:
        for name, reason in selection.left_out:
            session.say(f"left out: {name}: {reason}")
        labels = _labels(list(files.values()))
        prepared = {
            given: ready(session, _draft(path, labels[path], wishes, heartbeat)) for given, path in files.items()
        }
        for each in prepared.values():
            accepted(session, each)
        cells = _in_order(subjects or cells_.COMPARISON, selection, prepared)
        few = 2 <= len(cells) <= MOST_COLUMNS
        found = [_subject(session, cell, prepared) for cell in cells] if few and files else []
        data, _ = play(session, cells, frozenset(cell.name for cell in cells), selection.left_out)
    out = console()
    for each in prepared.values():
        out.print(Text(f"{each.label} is {each.draft.source.main.shown}", style="dim"), soft_wrap=True)
    if found:
        _show(found, data, out)
    out.print(summary(data))
    return _exit_code([verdict for cell in cells if (verdict := data.cell(cell.name))], data, fail_if_worse)


def _draft(path: Path, label: str, wishes: Mapping[str, Any], heartbeat_s: int) -> Draft:
    preset = path if presets.is_one(path) else None
    return draft(path, wishes_of(dict(wishes), heartbeat_s, preset), label=label)


def _sorted(subjects: Sequence[str]) -> tuple[Selection, dict[str, Path]]:
    """Cells that are named, and configuration files: argument -> path."""
    files = {each: path for each in subjects if (path := conf_of(each))}
    expressions = [each for each in subjects if each not in files]
    return (cells_.select(expressions) if expressions else Selection(())), files


def conf_of(argument: str) -> Path | None:
    """The configuration file that an argument names: a preset, or what looks like a path; None for cells."""
    if found := presets.path(argument):
        return found
    path = Path(argument)
    looks_like = "/" in argument or path.suffix in SUFFIXES
    return path if looks_like or (is_regular(path) and "{" not in argument) else None


def _labels(paths: Sequence[Path]) -> dict[Path, str]:
    """A name for each file: its own, with its folder's where two have the same."""
    names = [path.stem if presets.is_one(path) else path.name for path in paths]
    labels = {}
    for path, name in zip(paths, names, strict=True):
        same = names.count(name) > 1
        labels[path] = label_of(f"{path.resolve().parent.name}-{name}" if same else name)
    if len(set(labels.values())) < len(labels):
        return {path: f"{number}-{label}" for number, (path, label) in enumerate(labels.items(), 1)}
    return labels


def _in_order(subjects: Sequence[str], selection: Selection, prepared: Mapping[str, Prepared[Any]]) -> list[Cell]:
    """The cells in the order in which they were named."""
    found: dict[str, Cell] = {}
    for each in subjects:
        if each in prepared:
            found[prepared[each].label] = prepared[each].candidate
            continue
        names = {cell.name for cell in cells_.select([each]).cells}
        found |= {cell.name: cell for cell in selection.cells if cell.name in names}
    if len(found) < len(selection.cells) + len(prepared):
        raise InputError("a configuration file and a cell have the same name", hint="rename the file")
    return list(found.values())


def _subject(session: CandidateSession, cell: Cell, prepared: Mapping[str, Prepared[Any]]) -> Subject:
    mine = next((each for each in prepared.values() if each.candidate == cell), None)
    told = {axis.noun: cell.factor(axis) or "none" for axis in axes.TABLE.axes}
    told |= {"processes": str(cell.process_count), "threads": str(cell.thread_count), "oslo.messaging": cell.oslo}
    if mine is not None:
        return Subject(cell, {**told, **mine.settings})
    return Subject(cell, {**told, **_in_force(session, cell)})


def _in_force(session: CandidateSession, cell: Cell) -> Mapping[str, str]:
    """The telling settings of a cell, as its server has them."""
    family = servers.family(cell.server)
    container = replace(session.container(cell), mounts=family.mounts(session.settings.root))
    return family.in_force(cell, container)


def _show(subjects: Sequence[Subject], data: RunData, out: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("as the server sees it", no_wrap=True)
    for each in subjects:
        table.add_column(each.cell.name, overflow="fold")
    rows = differences([each.settings for each in subjects])
    for row in rows:
        have = {each.program for each, value in zip(subjects, row.values, strict=True) if value}
        unset = (Text("its default" if each.program in have else "-", style="dim") for each in subjects)
        table.add_row(row.what, *(Text(value) if value else nil for value, nil in zip(row.values, unset, strict=True)))
    if not rows:
        table.add_row("no telling difference", *("" for _ in subjects))
    fates = [data.cell(each.cell.name) for each in subjects]
    table.add_row(
        "verdict", *(outcome_words(v.outcome, v.lost_after_s) if v else "not run" for v in fates), style="bold"
    )
    out.print(table)


def _exit_code(verdicts: Sequence[CellVerdict], data: RunData, fail_if_worse: bool) -> int:
    if not fail_if_worse:
        return EXIT_CODES[data.verdict.outcome]
    first, *others = verdicts
    if first.outcome not in BAD and any(each.outcome in BAD for each in others):
        return EXIT_CODES[Outcome.LOST] if first.outcome is Outcome.KEPT else EXIT_CODES[Outcome.INCONCLUSIVE]
    unknown = any(each.outcome is Outcome.INCONCLUSIVE for each in verdicts)
    return EXIT_CODES[Outcome.INCONCLUSIVE] if unknown else 0


COMMANDS = (compare,)
