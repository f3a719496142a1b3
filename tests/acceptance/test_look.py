"""``heartbed look`` beside a run, whose own verdict is the truth: what it calls silent is what is lost."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from heartbed.record.event import Event, read
from heartbed.record.kinds import CellState, RunPhase
from tests.acceptance.program import DEADLINE_S, Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

FEW, FEW_HEARTBEAT_S = ("prefork-daemon-{eventlet,eventlet-pthread,native}", "uwsgi-eventlet"), 12
ALL, ALL_HEARTBEAT_S = ("{prefork,event}-{embedded,daemon}-{eventlet,eventlet-pthread,native}", "uwsgi-eventlet"), 60
BAD = ("silent", "closed")
LOOK_S = 6


@pytest.mark.parametrize(
    ("cells", "heartbeat_s"), [(FEW, FEW_HEARTBEAT_S), (ALL, ALL_HEARTBEAT_S)], ids=["a few", "all, look after look"]
)
def test_each_look_finds_silent_what_the_testbed_finds_lost(
    tmp_path: Path, cells: tuple[str, ...], heartbeat_s: int
) -> None:
    program, looker = Program(tmp_path / "runs"), Program(tmp_path / "looks")
    running = program.start("run", *cells, "--heartbeat", str(heartbeat_s), "--no-stacks")
    idle = running.until(lambda event: isinstance(event.data, RunPhase) and event.data.phase == "idle")
    opened = [event.t for event in read(program.newest) if is_opened(event)]
    # From now on what does not beat is silent for longer than the timeout at a look's end, and RabbitMQ closes nothing
    # before two timeouts are over: not even of the cell that was opened first.
    wait_until(idle.t + heartbeat_s - LOOK_S + 1)
    looks: list[dict[str, dict[str, str | None]]] = []
    while time.time() + 1.5 * LOOK_S < min(opened) + 2 * heartbeat_s or not looks:
        looked = looker("look", "--for", str(LOOK_S), "--json")
        assert looked.code == 1, looked.err
        looks.append(
            {each["conn"]: each for process in json.loads(looked.out)["processes"] for each in process["connections"]}
        )
    assert running.end(DEADLINE_S + 2 * heartbeat_s).code == 1

    verdict = json.loads((program.newest / "verdicts.json").read_text())
    outcomes = {each["conn"]: each["outcome"] for cell in verdict["cells"] for each in cell["connections"]}
    lost = {conn for conn, outcome in outcomes.items() if outcome == "lost"}
    kept = {conn for conn, outcome in outcomes.items() if outcome == "kept"}
    assert lost
    assert kept
    for number, seen in enumerate(looks, 1):
        told = f"look {number} of {len(looks)}"
        assert {conn for conn in lost | kept if seen[conn]["outcome"] in BAD} == lost, told
        assert {conn for conn in lost if seen[conn]["silent_seen"] is None} == set(), (
            f"{told}: called so only when closed"
        )
    print(f"{len(looks)} looks at {len(lost)} lost and {len(kept)} kept connections")


def is_opened(event: Event) -> bool:
    return isinstance(event.data, CellState) and event.data.state == "opened"


def wait_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))


def test_looked_at_cells_fare_as_if_they_were_not(tmp_path: Path) -> None:
    program, looker = Program(tmp_path / "runs"), Program(tmp_path / "looks")
    running = program.start("run", "prefork-daemon-eventlet", "--heartbeat", "4")
    running.until_phase("idle")
    looker("look", "--for", "8")
    assert running.end().code == 1, "lost, although its process was looked at: no look runs a hub"
