"""Cells and configuration files side by side: what is compared, how they are told apart, and what it comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from heartbed import servers
from heartbed.candidates import presets
from heartbed.candidates.differences import differences
from heartbed.candidates.prepared import Prepared
from heartbed.candidates.wishes import Wishes
from heartbed.cells import axes
from heartbed.cells import expressions as cells_
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.shards import Division
from heartbed.errors import InputError
from heartbed.files import is_regular
from heartbed.report import RunData
from heartbed.report.about.comparison import Comparison, Row
from heartbed.report.terminal import summary
from heartbed.report.words import overall
from heartbed.servers.kinds import draft, label_of
from heartbed.studies.check.candidates import CandidateSession, accepted, play, ready, with_application
from heartbed.verdict import EXIT_CODES
from heartbed.verdict.values import Outcome, worst
from heartbed.versions.patched import Patched

SUFFIXES = (".conf", ".cfg", ".vhost", ".ini", ".yaml", ".yml", ".xml", ".json", ".py")
"""What names of configuration files end with."""

MOST_COLUMNS = 4
"""Subjects whose settings are shown side by side."""


@dataclass(frozen=True)
class Subject:
    """One side of the comparison, and its telling settings as its server has them."""

    cell: Cell
    settings: Mapping[str, str]

    @property
    def program(self) -> str:
        """The program whose settings they are: all servers of a family have the same."""
        return servers.family(self.cell.server).program


@dataclass(frozen=True)
class Named:
    """What was named: cells by expressions, and configuration files (argument -> path)."""

    arguments: Sequence[str]
    selection: Selection
    files: Mapping[str, Path]

    @classmethod
    def by(cls, arguments: Sequence[str], patched: Sequence[Patched] = ()) -> Self:
        """Tell the ones from the others. Raises ``InputError``.

        With libraries of the user's own each cell is there twice, without and with them.
        """
        files = {each: path for each in arguments if (path := conf_of(each))}
        expressions = [each for each in arguments if each not in files]
        found = cells_.select(expressions) if expressions else Selection(())
        twins = tuple(each for cell in found.cells for each in dict.fromkeys((cell, cell.with_patched(patched))))
        return cls(arguments, replace(found, cells=twins), files)


@dataclass(frozen=True)
class Compared:
    """What was compared: the cells in the order in which they were named, and the run that they were played in.

    ``subjects`` are empty where there are too many to show them side by side, or no file among them.
    """

    cells: Sequence[Cell]
    prepared: Sequence[Prepared[Any]]
    subjects: Sequence[Subject]
    data: RunData

    def exit_code(self, *, fail_if_worse: bool) -> int:
        """That of the run; with ``fail_if_worse``, 1 only where one does not keep what the first one keeps."""
        if not fail_if_worse:
            return EXIT_CODES[self.data.verdict.outcome]
        outcomes = [worst(v.outcome for v in self.data.under_each(cell.name)) for cell in self.cells]
        first, *others = outcomes
        if not first.bad and any(each.bad for each in others):
            return EXIT_CODES[Outcome.LOST if first.good else Outcome.INCONCLUSIVE]
        return EXIT_CODES[Outcome.INCONCLUSIVE] if Outcome.INCONCLUSIVE in outcomes else 0


def compare(
    session: CandidateSession,
    named: Named,
    wishes_of: Callable[[Path | None], Wishes],
    division: Division | None = None,
) -> Compared:
    """Play what was named in one run. ``wishes_of`` gives the wishes for a file, which may be a preset's.

    With a ``division`` one shard of it. Raises ``InputError`` for a file that the server does not accept, or that does
    not start.
    """
    for name, reason in named.selection.left_out:
        session.say(f"left out: {name}: {reason}")
    labels = _labels(list(named.files.values()))
    prepared = {}
    for given, path in named.files.items():
        wishes = wishes_of(path if presets.is_one(path) else None)
        prepared[given] = ready(session, with_application(session, draft(path, wishes, label=labels[path])))
    for each in prepared.values():
        accepted(session, each)
    session, cells = session.divided(_in_order(named, prepared), division)
    side_by_side = bool(prepared) and 2 <= len(cells) <= MOST_COLUMNS
    subjects = [_subject(session, cell, prepared) for cell in cells] if side_by_side else []
    needed = frozenset(cell.name for cell in cells)
    data, _ = play(session, cells, [*prepared.values()], needed=needed, left_out=named.selection.left_out)
    told = _told(cells, prepared, subjects)
    session.tell(told, data)
    return Compared(cells, [*prepared.values()], subjects, replace(data, about=told))


def _told(cells: Sequence[Cell], prepared: Mapping[str, Prepared[Any]], subjects: Sequence[Subject]) -> Comparison:
    """What the report is told."""
    rows = differences([each.settings for each in subjects]) if subjects else []
    return Comparison(
        cells=[cell.name for cell in cells],
        files={each.candidate.name: each.draft.source.main.shown for each in prepared.values()},
        subjects=[each.cell.name for each in subjects],
        rows=[Row(what=row.what, values=row.values) for row in rows],
    )


def conf_of(argument: str) -> Path | None:
    """The configuration file that an argument names: a preset, or what looks like a path; None for cells."""
    if preset := presets.path(argument):
        return preset
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


def _in_order(named: Named, prepared: Mapping[str, Prepared[Any]]) -> list[Cell]:
    """The cells in the order in which they were named."""
    cells: dict[str, Cell] = {}
    for each in named.arguments:
        if each in prepared:
            cells[prepared[each].label] = prepared[each].candidate
            continue
        names = {cell.released.name for cell in cells_.select([each]).cells}
        cells |= {cell.name: cell for cell in named.selection.cells if cell.released.name in names}
    if len(cells) < len(named.selection.cells) + len(prepared):
        raise InputError("a configuration file and a cell have the same name", hint="rename the file")
    return list(cells.values())


def _subject(session: CandidateSession, cell: Cell, prepared: Mapping[str, Prepared[Any]]) -> Subject:
    mine = next((each for each in prepared.values() if each.candidate == cell), None)
    asked = {axis.noun: cell.factor(axis) or "none" for axis in axes.TABLE.axes}
    asked |= {"processes": str(cell.process_count), "threads": str(cell.thread_count), "oslo.messaging": cell.oslo}
    if mine is not None:
        return Subject(cell, {**asked, **mine.settings})
    return Subject(cell, {**asked, **_in_force(session, cell)})


def _in_force(session: CandidateSession, cell: Cell) -> Mapping[str, str]:
    """The telling settings of a cell, as its server has them."""
    family = servers.family(cell.server)
    container = replace(session.container(cell), mounts=family.mounts(session.settings.root))
    return family.in_force(cell, container)


def show(compared: Compared, out: Console) -> None:
    """The comparison for people: which file is which, what tells them apart, the verdicts."""
    for each in compared.prepared:
        out.print(Text(f"{each.label} is {each.draft.source.main.shown}", style="dim"), soft_wrap=True)
    if compared.subjects:
        out.print(_side_by_side(compared.subjects, compared.data))
    out.print(summary(compared.data))


def _side_by_side(subjects: Sequence[Subject], data: RunData) -> Table:
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
    probes = list(dict.fromkeys(each.probe for each in data.verdict.cells))
    for probe in probes:
        fates = [data.cell(each.cell.name, probe) for each in subjects]
        words = (overall(v) if v else "not run" for v in fates)
        table.add_row("verdict" if len(probes) == 1 else f"verdict ({probe})", *words, style="bold")
    return table
