"""Cells and probes side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from heartbed.report import terminal
from heartbed.report.across import across, parts, spoken, word
from heartbed.report.data import RunData
from heartbed.report.formats import junit, markdown
from heartbed.report.words import which
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from tests.unit.data.report import samples

FATES: dict[str, dict[str, Any]] = {
    "idle": {},
    "burst": {"outcome": Outcome.HUNG, "cause": "deadlock"},
    "firewall": {"outcome": Outcome.RECOVERED, "cause": "", "recovered_after_s": 1.1},
    "broker-stop": {"outcome": Outcome.KEPT, "cause": ""},
}
BY_CHANCE = Tries(what="burst", tried=15, seen=3, by_chance=True)


def several(count: int = 12) -> RunData:
    """The comparison's first cells, each under four probes."""
    run = samples.comparison()
    cells = [cell.model_copy(update={"probe": p, **f}) for p, f in FATES.items() for cell in run.verdict.cells[:count]]
    return replace(run, verdict=run.verdict.model_copy(update={"cells": cells}))


def shown(run: RunData, width: int) -> str:
    console = Console(width=width, highlight=False, force_terminal=False, color_system=None)
    with console.capture() as capture:
        console.print(terminal.summary(run))
    return capture.get()


def cell(**changes: Any) -> CellVerdict:
    return several().verdict.cells[0].model_copy(update=changes)


def test_one_probe_needs_no_such_table() -> None:
    assert across(samples.comparison().verdict.cells) is None


def test_cells_are_rows_and_probes_columns() -> None:
    table = across(several().verdict.cells)
    assert table is not None
    assert (table.corner, table.columns, len(table.rows)) == ("cell", tuple(FATES), 12)
    assert [word(each) for each in table.rows[1].places if each] == ["kept", "hung", "recovered 1.1 s", "kept"]


def test_of_a_few_cells_each_probe_is_a_row() -> None:
    table = across(several(2).verdict.cells)
    assert table is not None
    assert (table.corner, [row.label for row in table.rows]) == ("probe", [*FATES])


def test_a_cell_that_a_probe_was_not_played_on_has_no_place() -> None:
    cells = [each for each in several().verdict.cells if each.probe != "burst" or "event" not in each.cell]
    table = across(cells)
    assert table is not None
    assert table.rows[-1].places[1] is None
    assert "burst" in spoken(table.rows[-1], table.columns).partition("not played: ")[2]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"outcome": Outcome.KEPT}, "kept"),
        ({"outcome": Outcome.LOST, "lost_after_s": 5.94}, "lost 5.9 s"),
        ({"outcome": Outcome.HUNG, "tries": BY_CHANCE}, "hung 3/15"),
        ({"outcome": Outcome.INCONCLUSIVE}, "inconclusive"),
    ],
)
def test_a_verdict_is_a_word_and_a_number(changes: dict[str, Any], said: str) -> None:
    assert word(cell(**changes)) == said


@pytest.mark.parametrize("width", [60, 80, 100])
def test_the_table_fits_the_terminal_in_as_many_parts_as_it_takes(width: int) -> None:
    text = shown(several(), width)
    assert max(map(len, text.splitlines())) <= width
    table = across(several().verdict.cells)
    assert table is not None
    named = [column for part in parts(table, width) for column in part.columns]
    assert named in ([*FATES], [])
    assert all(word in text for word in ("kept", "hung", "recovered 1.1 s", "lost 5.9 s"))


@pytest.mark.parametrize("width", range(80, 112))
def test_no_name_of_a_cell_is_broken_within_a_word(width: int) -> None:
    words = {word for each in samples.COMPARISON for word in each.split("-")}
    named = (" prefork", " event", " pthread")
    lines = [line for line in shown(several(), width).splitlines() if line.startswith(named)]
    assert lines
    for line in lines:
        assert set(line.split()[0].rstrip("-").split("-")) <= words, line


def test_all_but_a_few_cells_are_named_by_those_that_are_not_meant() -> None:
    cells = several().verdict.cells
    burst = [each for each in cells if each.probe == "burst"]
    assert which(burst, cells, 6) == "all 12 cells under burst"
    assert which(burst[1:], cells, 6) == f"all 12 cells but {burst[0].cell} under burst"
    assert which(burst[:2], cells, 6) == "prefork-embedded-{eventlet,eventlet-pthread} under burst"


def test_each_cell_that_is_neither_kept_nor_recovered_is_explained() -> None:
    text = " ".join(shown(several(), 100).split())
    assert "hung: deadlock in one of eventlet's locks (all 12 cells under burst)" in text
    assert "A thread waits for ever in one of eventlet's locks" in text


def test_the_formats_of_gates_name_the_probe() -> None:
    run = several(5)
    text = markdown.render(run)
    assert "| cell | idle | burst | firewall | broker-stop |" in text
    assert "<summary>prefork-embedded-native under burst: hung" in text
    xml = junit.render(run).decode()
    for probe in FATES:
        assert f'classname="heartbed.{probe}"' in xml


def test_where_many_probes_were_played_only_remarks_that_tell_cells_apart_are_shown() -> None:
    fates = {**FATES, "reload": {"outcome": Outcome.RECOVERED, "cause": ""}}
    run = samples.comparison()
    first, *_ = run.verdict.cells
    cells = [
        cell.model_copy(update={"probe": probe, **fate, "notes": [f"{probe} did it"] + ["alone"] * (cell is first)})
        for probe, fate in fates.items()
        for cell in run.verdict.cells
    ]
    text = shown(replace(run, verdict=run.verdict.model_copy(update={"cells": cells})), 100)
    assert "did it" not in text
    assert text.count("note: ") == 1
    assert f"note: alone ({first.cell} under " in text
    assert "5 more notes: in the report, and by heartbed explain" in text
