"""``heartbed look`` beside a run, whose own verdict is the truth: what it calls silent is what is lost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from heartbed.record.kinds import RunPhase
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

HEARTBEAT_S = 10
CELLS = "prefork-daemon-{eventlet,eventlet-pthread,native}"
BAD = ("silent", "closed")


def test_look_finds_silent_what_the_testbed_finds_lost(tmp_path: Path) -> None:
    program, looker = Program(tmp_path / "runs"), Program(tmp_path / "looks")
    running = program.start("run", CELLS, "uwsgi-eventlet", "--heartbeat", str(HEARTBEAT_S), "--no-stacks")
    idle = running.until(lambda event: isinstance(event.data, RunPhase) and event.data.phase == "idle")
    time.sleep(max(0.0, idle.t + 0.8 * HEARTBEAT_S - time.time()))  # the look begins while all are within the timeout
    looked = looker("look", "--for", "6", "--json")
    assert looked.code == 1, looked.err
    assert running.end().code == 1

    verdict = json.loads((program.newest / "verdicts.json").read_text())
    outcomes = {each["conn"]: each["outcome"] for cell in verdict["cells"] for each in cell["connections"]}
    seen = [each for process in json.loads(looked.out)["processes"] for each in process["connections"]]
    told = {each["conn"]: each for each in seen if each["conn"] in outcomes}
    lost = {conn for conn, outcome in outcomes.items() if outcome == "lost"}
    assert lost
    assert {conn for conn, each in told.items() if each["outcome"] in BAD} == lost
    for conn in lost:
        assert told[conn]["silent_seen"] is not None, "it was called silent before it was closed"
    assert {told[conn]["outcome"] for conn in told.keys() - lost} == {"beating"}


def test_looked_at_cells_fare_as_if_they_were_not(tmp_path: Path) -> None:
    program, looker = Program(tmp_path / "runs"), Program(tmp_path / "looks")
    running = program.start("run", "prefork-daemon-eventlet", "--heartbeat", "4")
    running.until_phase("idle")
    looker("look", "--for", "8")
    assert running.end().code == 1, "lost, although its process was looked at: no look runs a hub"
