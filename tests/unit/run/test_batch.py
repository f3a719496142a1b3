"""Cells that cannot be built or do not start are told, and the others are played all the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection, select
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, InputError
from heartbed.run import batch
from heartbed.testbed.images.build import ImageRef
from heartbed.versions.index import IndexSilentError

CELLS = select(["prefork-native-oslo{9.7.1,14.3.0,17.3.2}"]).cells


def images(refused: str = "", error: Exception | None = None) -> batch.Images:
    def ask(cells: Sequence[Cell]) -> dict[str, ImageRef]:
        if any(cell.oslo == refused for cell in cells):
            raise error or InputError(f"no {refused}")
        return {}

    return ask


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The cells of each run; in the first run the second cell does not start."""
    runs: list[list[str]] = []

    def execute(selection: Selection, *_: Any) -> Any:
        runs.append([cell.oslo for cell in selection.cells])
        if len(runs) == 1:
            raise CellFailedError(selection.cells[1].name, "it hangs")
        verdicts = [SimpleNamespace(cell=cell.name) for cell in selection.cells]
        return SimpleNamespace(folder=Path(), verdict=SimpleNamespace(cells=verdicts))

    monkeypatch.setattr(batch, "execute", execute)
    return runs


def test_a_cell_that_does_not_start_is_left_out_of_the_next_try(played: list[list[str]]) -> None:
    found = batch.play(CELLS, Settings(), images())
    assert played == [["9.7.1", "14.3.0", "17.3.2"], ["9.7.1", "17.3.2"]]
    assert found.missing == {CELLS[1].name: "it hangs"}
    assert set(found.verdicts) == {CELLS[0].name, CELLS[2].name}
    assert len(found.runs) == 1


def test_a_cell_whose_image_cannot_be_had_is_not_played(played: list[list[str]]) -> None:
    found = batch.play(CELLS, Settings(), images("9.7.1"))
    assert found.missing[CELLS[0].name] == "no 9.7.1"
    assert all("9.7.1" not in run for run in played)


def test_a_silent_index_is_no_reason_to_skip() -> None:
    with pytest.raises(IndexSilentError):
        batch.play(CELLS, Settings(), images("9.7.1", IndexSilentError("nobody answers")))


def test_nothing_is_played_when_no_image_can_be_had(played: list[list[str]]) -> None:
    found = batch.play(CELLS[:1], Settings(), images("9.7.1"))
    assert (played, found.verdicts) == ([], {})
