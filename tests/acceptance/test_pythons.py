"""Cells on several Pythons in one run of real parts: each process runs the one that its cell asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.cells.expressions import select
from heartbed.record.event import only
from heartbed.record.kinds import AppFacts
from heartbed.run.images import images_for
from heartbed.verdict.values import Outcome, RunVerdict
from heartbed.versions.releases import RELEASES
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PYTHONS = {
    "prefork-daemon-native": "3.13",
    "prefork-daemon-native-python3.11": "3.11",
    "prefork-daemon-eventlet-python3.9": "3.9",
    "gunicorn-native-python3.9": "3.9",
    "prefork-daemon-eventlet-wallaby": "3.9",
}
OWN = ("eventlet", "greenlet", "kombu")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """One run of all of them."""
    program = Program(tmp_path_factory.mktemp("pythons"))
    images_for(select([*PYTHONS]).cells, quiet=True)  # bases are made where none can be pulled, which takes minutes
    done = program("run", *PYTHONS)
    assert done.code == 1, done
    return program


def test_each_process_runs_on_the_python_of_its_cell(run: Program) -> None:
    assert {event.cell: event.data.python for event in only(run.events(), AppFacts)} == PYTHONS


def test_release_of_python_3_9_has_its_own_libraries(run: Program) -> None:
    facts = {event.cell: event.data.versions for event in only(run.events(), AppFacts)}
    told = facts["prefork-daemon-eventlet-wallaby"]
    assert {package: told[package] for package in OWN} == {package: RELEASES["wallaby"].own[package] for package in OWN}


def test_green_heartbeats_are_lost_on_every_python(run: Program) -> None:
    found = RunVerdict.model_validate_json(Path(run.newest / "verdicts.json").read_text())
    outcomes = {each.cell: (each.outcome, each.disagreements) for each in found.cells}
    assert outcomes == {cell: (Outcome.LOST if "eventlet" in cell else Outcome.KEPT, []) for cell in PYTHONS}
