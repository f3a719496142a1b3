"""Cells and probes side by side, where several probes were played: what became of each cell under each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.report.matrix import by_probe
from heartbed.report.text import one_line
from heartbed.report.words import after_s, outcome_words
from heartbed.verdict.values import CellVerdict
from heartbed.wording import listed, seconds

NOT_PLAYED = "not played"
NARROWEST, GAP, EDGES = 22, 2, 2
"""Columns that the names of rows take at the least, and those between two columns."""

FEWEST = 3
"""With fewer columns to a part of it, a table is no longer one."""

FEW = 4
"""So many cells are columns, with a row for each probe; more are rows."""


@dataclass(frozen=True)
class Row:
    """One cell under every probe, or every cell under one probe; a place is None where it was not played."""

    label: str
    places: tuple[CellVerdict | None, ...]


@dataclass(frozen=True)
class Across:
    """The table; ``corner`` says what its rows are."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def across(cells: Sequence[CellVerdict]) -> Across | None:
    """The table of these verdicts; None where all are of one probe."""
    probes = by_probe(cells)
    if len(probes) < 2:
        return None
    names = list(dict.fromkeys(cell.cell for cell in cells))
    places = {(cell.cell, cell.probe): cell for cell in cells}
    if len(names) <= FEW:
        rows = (Row(probe, tuple(places.get((name, probe)) for name in names)) for probe in probes)
        return Across("probe", tuple(names), tuple(rows))
    rows = (Row(name, tuple(places.get((name, probe)) for probe in probes)) for name in names)
    return Across("cell", tuple(probes), tuple(rows))


def word(cell: CellVerdict) -> str:
    """What became of it, short: ``kept``, ``lost 6.0 s``, ``recovered 1.1 s``, ``hung 3/15``, ``kept (15)``."""
    tries, after = cell.tries, after_s(cell)
    often = tries if tries is not None and tries.by_chance and tries.tried > 1 else None
    if often is not None and often.seen:
        return f"{cell.outcome} {often.seen}/{often.tried}"
    timed = after is not None and outcome_words(cell.outcome, after) != cell.outcome.value
    said = f"{cell.outcome} {seconds(after or 0.0)}" if timed else cell.outcome.value
    return f"{said} ({often.tried})" if often is not None and cell.outcome.good else said


def heading(name: str) -> str:
    """A name in as many lines as it has parts: columns of one word each are narrow."""
    return one_line(name).replace("-", "-\n").replace(":", ":\n")


def parts(shown: Across, room: int) -> list[Across]:
    """The table in as many as it takes to fit so many columns of a terminal; none where that is too narrow for any."""
    widths = [_width(shown, at) for at in range(len(shown.columns))]
    found: list[list[int]] = [[]]
    room -= EDGES
    for at, width in enumerate(widths):
        if found[-1] and NARROWEST + width + sum(widths[each] for each in found[-1]) > room:
            found.append([])
        found[-1].append(at)
    few = len(found) > 1 and min(map(len, found[:-1])) < FEWEST
    return [] if few or NARROWEST + max(widths) > room else [_only(shown, columns) for columns in found]


def taken(shown: Across) -> int:
    """Columns of a terminal that all but the names of the rows take."""
    return EDGES + sum(_width(shown, at) for at in range(len(shown.columns)))


def _width(shown: Across, at: int) -> int:
    """Columns of a terminal that one of the table's takes, with the gap before it."""
    words = (len(word(cell)) if cell else len(NOT_PLAYED) for cell in (row.places[at] for row in shown.rows))
    return GAP + max(_longest(heading(shown.columns[at])), *words)


def _only(shown: Across, columns: Sequence[int]) -> Across:
    rows = (Row(row.label, tuple(row.places[at] for at in columns)) for row in shown.rows)
    return Across(shown.corner, tuple(shown.columns[at] for at in columns), tuple(rows))


def _longest(text: str) -> int:
    return max(map(len, text.splitlines()), default=0)


def spoken(row: Row, columns: Sequence[str]) -> str:
    """A row as a sentence without its stop: ``kept: idle and burst; hung: firewall``."""
    by_word: dict[str, list[str]] = {}
    for column, place in zip(columns, row.places, strict=True):
        by_word.setdefault(word(place) if place else NOT_PLAYED, []).append(column)
    return "; ".join(f"{said}: {listed(names)}" for said, names in by_word.items())
