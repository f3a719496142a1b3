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
from heartbed.versions.releases import RELEASES
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELLS = {
    f"prefork-daemon-{model}-nova-{release}": (release, model)
    for release in ("wallaby", "2024.1", "2025.2")
    for model in ("eventlet", "native")
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("nova"))
    images_for(select([*CELLS]).cells, quiet=True)
    done = program("run", *CELLS)
    assert done.code == 1, done
    return program


def test_it_says_itself_which_nova_it_is_and_runs_on_the_python_of_its_release(run: Program) -> None:
    told = {event.cell: event.data for event in only(run.events(), AppFacts)}
    for cell, (release, _) in CELLS.items():
        series = NOVA.series_of("nova", release)
        assert series is not None
        assert (told[cell].application, told[cell].versions["nova"]) == ("nova", series.version)
        assert told[cell].versions["python"].startswith(f"{RELEASES[release].python}.")


def test_each_has_the_libraries_of_its_release(run: Program) -> None:
    told = {event.cell: event.data.versions for event in only(run.events(), AppFacts)}
    for cell, (release, _) in CELLS.items():
        for package in ("oslo.messaging", "eventlet", "kombu", "amqp", "greenlet"):
            assert told[cell][package] == RELEASES[release].own[package]


def test_all_three_connections_are_judged(run: Program) -> None:
    found = RunVerdict.model_validate_json(Path(run.newest / "verdicts.json").read_text())
    for cell in found.cells:
        assert sorted(str(each.purpose) for each in cell.connections) == ["LISTEN", "SEND", "SEND"]
        expected = Outcome.LOST if CELLS[cell.cell][1] == "eventlet" else Outcome.KEPT
        assert {each.outcome for each in cell.connections} == {expected}


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
