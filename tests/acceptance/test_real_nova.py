"""The real nova-api, run on real parts: it is what it says, and each of its three connections is judged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from heartbed.applications.nova.application import PROJECT as NOVA
from heartbed.cells.expressions import select
from heartbed.record.event import only
from heartbed.record.kinds import AppFacts
from heartbed.run.images import images_for
from heartbed.servers import image
from heartbed.verdict.values import Outcome, RunVerdict
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

EVENTLET, NATIVE = "prefork-daemon-eventlet-nova-2025.2", "prefork-daemon-native-nova-2025.2"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("nova"))
    images_for(select([EVENTLET, NATIVE]).cells, quiet=True)
    done = program("run", EVENTLET, NATIVE)
    assert done.code == 1, done
    return program


def test_it_says_itself_which_nova_it_is(run: Program) -> None:
    for event in only(run.events(), AppFacts):
        assert event.data.application == "nova"
        assert event.data.versions["nova"] == NOVA.series["32"].version


def test_all_three_connections_are_judged(run: Program) -> None:
    found = RunVerdict.model_validate_json(Path(run.newest / "verdicts.json").read_text())
    verdicts = {cell.cell: cell for cell in found.cells}
    for cell in verdicts.values():
        assert sorted(str(each.purpose) for each in cell.connections) == ["LISTEN", "SEND", "SEND"]
    assert {each.outcome for each in verdicts[EVENTLET].connections} == {Outcome.LOST}
    assert {each.outcome for each in verdicts[NATIVE].connections} == {Outcome.KEPT}


@pytest.mark.parametrize(
    ("conf", "variable", "patched"),
    [("eventlet", "", False), ("", "eventlet", True), ("threading", "eventlet", True), ("", "", False)],
)
def test_nova_34_reads_concurrency_backend_from_the_environment_and_not_from_nova_conf(
    conf: str, variable: str, *, patched: bool
) -> None:
    (cell,) = select(["prefork-daemon-native-nova-2026.2"]).cells
    ref = images_for([cell], quiet=True)[image(cell)]
    script = (
        "cp -r $OS_NOVA_CONFIG_DIR /tmp/conf && cd /opt/heartbed && "
        f'{{ [ -z "{conf}" ] || sed -i "s/^.DEFAULT.$/&\\nconcurrency_backend = {conf}/" /tmp/conf/nova.conf; }} && '
        "OS_NOVA_CONFIG_DIR=/tmp/conf python3 -W ignore -c '"
        "import sys; from wsgi_app import wsgi, patching; print(patching.model()); sys.stdout.flush(); "
        "import os; os._exit(0)'"
    )
    command = ["docker", "run", "--rm", "--label", "heartbed=1", "--network", "none"]
    command += ["--env", "OS_DEFAULT__TRANSPORT_URL=rabbit://nobody:nothing@nowhere:5672/"]
    command += ["--env", f"OS_DEFAULT__CONCURRENCY_BACKEND={variable}"] if variable else []
    done = subprocess.run([*command, ref.id, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.split()[-1] == ("eventlet" if patched else "native"), done
