"""A cell of an OpenStack release, run on real parts: it has the set that it claims to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.record.event import only
from heartbed.record.kinds import AppFacts, RunStart
from heartbed.verdict.values import Outcome, RunVerdict
from heartbed.versions.releases import RELEASES
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELLS = {"prefork-daemon-eventlet-pthread-train": "train", "prefork-daemon-native-2026.1": "2026.1"}
TRAIN = RELEASES["train"]
STANDS_IN = f"train: {TRAIN.differs(TRAIN.python)}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """One run of an old release, for which others stand in, and of one that is all its own."""
    program = Program(tmp_path_factory.mktemp("releases"))
    done = program("run", *CELLS)
    assert done.code == 1, done
    told = " ".join(done.out.split())
    assert STANDS_IN in told
    return program


def test_each_process_reports_the_whole_set(run: Program) -> None:
    facts = {event.cell: event.data.versions for event in only(run.events(), AppFacts)}
    for cell, name in CELLS.items():
        release = RELEASES[name]
        assert facts[cell]["python"].startswith(f"{release.python}.")
        assert facts[cell] | {each: release.runs(release.python)[each] for each in release.own} == facts[cell]


def test_what_stands_in_is_kept_in_the_record(run: Program) -> None:
    start = only(run.events(), RunStart)[0].data
    assert start.notes == [STANDS_IN]
    assert {cell.name: cell.versions for cell in start.cells} == {
        cell: RELEASES[name].runs(RELEASES[name].python) for cell, name in CELLS.items()
    }


def test_verdicts_are_those_of_the_releases(run: Program) -> None:
    found = RunVerdict.model_validate_json(Path(run.newest / "verdicts.json").read_text())
    verdicts = {cell.cell: cell for cell in found.cells}
    # Train's heartbeat_in_pthread does not cover the connection for replies.
    train = verdicts["prefork-daemon-eventlet-pthread-train"]
    assert {connection.purpose: connection.outcome for connection in train.connections} == {
        "SEND": Outcome.KEPT,
        "LISTEN": Outcome.LOST,
    }
    assert verdicts["prefork-daemon-native-2026.1"].outcome is Outcome.KEPT
    assert train.notes[0] == STANDS_IN
