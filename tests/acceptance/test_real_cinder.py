"""The real cinder-api, run on real parts: it is what it says, patches nothing by itself, and what it sends arrives."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from heartbed.applications.cinder.application import PROJECT as CINDER
from heartbed.cells.expressions import select
from heartbed.record.event import only
from heartbed.record.kinds import AppFacts, RpcArrived
from heartbed.run.images import images_for
from heartbed.servers import image
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

EVENTLET, NATIVE = "prefork-daemon-eventlet-cinder-2026.1", "prefork-daemon-native-cinder-2026.1"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("cinder"))
    images_for(select([EVENTLET, NATIVE]).cells, quiet=True)
    done = program("run", EVENTLET, NATIVE)
    assert done.code == 1, done
    return program


def test_it_says_itself_which_cinder_it_is(run: Program) -> None:
    for event in only(run.events(), AppFacts):
        assert event.data.application == "cinder"
        assert event.data.versions["cinder"] == CINDER.series["28"].version


def test_both_connections_are_judged_by_whose_threads_it_runs_on(run: Program) -> None:
    found = RunVerdict.model_validate_json(Path(run.newest / "verdicts.json").read_text())
    verdicts = {cell.cell: cell for cell in found.cells}
    for cell in verdicts.values():
        assert sorted(str(each.purpose) for each in cell.connections) == ["LISTEN", "SEND"]
    assert {each.outcome for each in verdicts[EVENTLET].connections} == {Outcome.LOST}
    assert {each.outcome for each in verdicts[NATIVE].connections} == {Outcome.KEPT}


def test_its_cast_and_its_call_arrive_as_its_cells(run: Program) -> None:
    arrived = {(event.cell, event.data.what, event.data.method) for event in only(run.events(), RpcArrived)}
    for cell in (EVENTLET, NATIVE):
        assert {(cell, "cast", "set_log_levels"), (cell, "call", "get_pools")} <= arrived


@pytest.mark.parametrize(("name", "variable"), [("28", ""), ("29", ""), ("29", "false")])
def test_its_entry_for_servers_patches_nothing_whatever_its_own_variable_says(name: str, variable: str) -> None:
    (cell,) = select([f"prefork-daemon-native-cinder-{CINDER.series[name].release}"]).cells
    ref = images_for([cell], quiet=True)[image(cell)]
    command = ["docker", "run", "--rm", "--label", "heartbed=1", "--network", "none"]
    command += ["--env", "OS_DEFAULT__TRANSPORT_URL=rabbit://nobody:nothing@nowhere:5672/"]
    command += ["--env", f"OS_CINDER_DISABLE_EVENTLET_PATCHING={variable}"] if variable else []
    script = "import os; from wsgi_app import wsgi, patching; print(patching.model(), flush=True); os._exit(0)"
    done = subprocess.run(
        [*command, ref.id, "python3", "-W", "ignore", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[-1] == "native", done
