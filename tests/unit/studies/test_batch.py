"""Cells that cannot be built or do not start are told, and the others are played all the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, InputError, NoEngineError, TestbedError
from heartbed.studies import batch
from heartbed.studies.session import Session
from heartbed.testbed.images.spec import ImageRef
from heartbed.versions.index import IndexSilentError
from tests.unit.local import Behaviour, LocalEngine

CELLS = select(["prefork-native-oslo{9.7.1,14.3.0,17.3.2}"]).cells
NAMES = [cell.name for cell in CELLS]


@dataclass(frozen=True)
class LocalSession(Session):
    """A session in which all images are there, but for those with one version of oslo.messaging."""

    refused: str = ""
    error: type[Exception] = InputError

    def images(self, cells: Iterable[Cell]) -> dict[str, ImageRef]:
        if any(cell.oslo == self.refused for cell in cells):
            raise self.error(f"no {self.refused}")
        return {}


@pytest.fixture
def engine() -> LocalEngine:
    """An engine on which the second cell does not start."""
    return LocalEngine({NAMES[1]: Behaviour.ENDS})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(heartbeat_s=1, margin_s=-2.9, runs=tmp_path)


def session(engine: LocalEngine, settings: Settings, refused: str = "", error: type[Exception] = InputError) -> Session:
    return LocalSession(settings, quiet=True, parts=engine.parts(), refused=refused, error=error)


def played(engine: LocalEngine) -> int:
    """How many runs there were."""
    assert engine.left == []
    return len(engine.beds)


def test_a_cell_that_does_not_start_is_left_out_and_the_others_are_played_in_the_same_run(
    engine: LocalEngine, settings: Settings
) -> None:
    outcome = batch.play(CELLS, session(engine, settings))
    assert outcome.missing == {NAMES[1]: "its server has ended"}
    assert set(outcome.verdicts) == {NAMES[0], NAMES[2]}
    assert (played(engine), len(outcome.runs)) == (1, 1)
    assert outcome.runs[0].left_out == [{"name": NAMES[1], "reason": "its server has ended"}]


def test_a_cell_whose_image_cannot_be_had_is_not_played(engine: LocalEngine, settings: Settings) -> None:
    outcome = batch.play(CELLS, session(engine, settings, "9.7.1"))
    assert outcome.missing == {NAMES[0]: "no 9.7.1", NAMES[1]: "its server has ended"}
    assert set(outcome.verdicts) == {NAMES[2]}


@pytest.mark.parametrize("silent", [IndexSilentError, NoEngineError])
def test_a_silent_index_or_engine_is_no_reason_to_skip(
    silent: type[TestbedError], engine: LocalEngine, settings: Settings
) -> None:
    with pytest.raises(silent):
        batch.play(CELLS, session(engine, settings, "9.7.1", silent))
    assert played(engine) == 0


def test_nothing_is_played_when_no_image_can_be_had(engine: LocalEngine, settings: Settings) -> None:
    outcome = batch.play(CELLS[:1], session(engine, settings, "9.7.1"))
    assert (played(engine), outcome.verdicts) == (0, {})


def test_a_cell_that_is_needed_and_does_not_start_ends_the_run(engine: LocalEngine, settings: Settings) -> None:
    with pytest.raises(CellFailedError, match="did not start: its server has ended"):
        session(engine, settings).play(CELLS, needed=frozenset(NAMES))
    assert played(engine) == 1


def test_where_no_cell_starts_there_is_one_run_and_each_reason(settings: Settings) -> None:
    engine = LocalEngine(dict.fromkeys(NAMES, Behaviour.ENDS))
    data, failed = session(engine, settings).play(CELLS)
    assert data is None
    assert failed == dict.fromkeys(NAMES, "its server has ended")
    assert played(engine) == 1


def test_a_run_is_judged_and_its_verdicts_and_report_are_written_once(settings: Settings) -> None:
    data, failed = session(LocalEngine(), settings).play(CELLS[:1])
    assert data is not None
    assert failed == {}
    assert {path.name for path in data.folder.iterdir()} >= {"record.jsonl", "verdicts.json", "report.html"}
