"""Two engines as two hosts of a scheduler: the same verdicts as one gives, also where one is killed while it plays."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbed.places import ROOT
from heartbed.verdict.values import Outcome, RunVerdict
from heartbed.waiting import Deadline, until
from tests.acceptance import hosts as hosts_
from tests.acceptance.hosts import Host
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

IMAGES = ("heartbed-base:trixie", "heartbed-rabbitmq:4", "heartbed-observer:1", "heartbed-apache:oslo17.3.2")
"""Those of the cells here. Others would be built where they are missing, and the hosts have no network."""
CELLS = (
    "{prefork,event}-{embedded,daemon}-{eventlet,eventlet-pthread,native}",
    "{prefork,event}-daemon-{eventlet,eventlet-pthread,native}-{processes2,threads1}",
)
CONF = ROOT / "tests" / "unit" / "data" / "candidate" / "kolla-nova.conf"
PLAYS_S = 120.0
CHECK_S = 400.0
IN_THE_MIDDLE = 6
"""So many containers run: those that every shard has, and cells."""


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[Host]]:
    """Two of them."""
    if reason := hosts_.lacking():
        pytest.skip(reason)
    with hosts_.hosts(IMAGES) as made:
        yield made


def outcomes(program: Program) -> dict[str, Outcome]:
    found = RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())
    assert all(each.ok for each in found.controls), found.controls
    return {each.cell: each.outcome for each in found.cells}


def expected(cells: dict[str, Outcome]) -> dict[str, Outcome]:
    return {cell: Outcome.LOST if "eventlet" in cell and "pthread" not in cell else Outcome.KEPT for cell in cells}


def test_cells_are_divided_among_both_and_verdicts_are_those_of_one(hosts: list[Host], tmp_path: Path) -> None:
    program = Program(tmp_path / "runs", {"DOCKER_HOST": "unix:///nowhere"})
    with hosts_.scheduler(tmp_path) as port:
        workers = [host.work(port) for host in hosts]
        done = program("run", CELLS[0], "--scheduler", f"tcp://127.0.0.1:{port}")
        for worker in workers:
            hosts_.end(worker)
    assert done.code == 1, done
    assert "12 cells in 2 shards on 2 hosts" in done.err
    found = outcomes(program)
    assert len(found) == 12
    assert found == expected(found)
    assert [host.containers() for host in hosts] == [[], []]


@pytest.mark.skipif(shutil.which("sshd") is None, reason="there is no sshd here")
def test_hosts_are_reached_by_ssh(hosts: list[Host], tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "id_ed25519"], check=True)
    for host in hosts:
        host.serve_ssh(tmp_path)
    program = Program(tmp_path / "runs", {"DOCKER_HOST": "unix:///nowhere", "HOME": str(tmp_path)})
    named = ",".join(host.address for host in hosts)
    done = program("run", "{prefork,event}-daemon-{eventlet,native}", "--hosts", named)
    assert done.code == 1, done
    assert "4 cells in 2 shards on 2 hosts" in done.err
    found = outcomes(program)
    assert len(found) == 4
    assert found == expected(found)
    nobody = program("run", "prefork-daemon-native", "--hosts", "127.0.0.1")
    assert nobody.code == 4, nobody
    assert "error: no workers come up on 127.0.0.1 by SSH" in nobody.err


def test_a_file_and_its_changes_are_played_on_both(hosts: list[Host], tmp_path: Path) -> None:
    program = Program(tmp_path / "runs")
    with hosts_.scheduler(tmp_path) as port:
        workers = [host.work(port) for host in hosts]
        asked = ("--probe", "idle", "--rule-out", "oslo18.3.1", "--rule-out", "oslo14.3.0")
        done = program.start("check", str(CONF), *asked, "--scheduler", f"tcp://127.0.0.1:{port}").end(CHECK_S)
        for worker in workers:
            hosts_.end(worker)
    assert done.code == 1, done
    assert "in 2 shards on 2 hosts" in done.err
    found = outcomes(program)
    native = [outcome for name, outcome in found.items() if "native" in name]
    assert (len(found), found["kolla-nova.conf"], native) == (7, Outcome.LOST, [Outcome.KEPT]), found


def test_what_a_killed_host_was_to_play_is_played_on_the_other(hosts: list[Host], tmp_path: Path) -> None:
    program = Program(tmp_path / "runs", {"DOCKER_HOST": "unix:///nowhere"})
    with hosts_.scheduler(tmp_path) as port:
        first, second = (host.work(port) for host in hosts)
        running = program.start("run", *CELLS, "--scheduler", f"tcp://127.0.0.1:{port}")
        until(
            lambda: all(len(host.containers()) >= IN_THE_MIDDLE for host in hosts),
            Deadline(PLAYS_S),
            AssertionError,
            "not both hosts play",
        )
        began = time.monotonic()
        hosts_.end(second, signal.SIGKILL)
        left = hosts[1].containers()
        done = running.end()
        print(f"killed beside {len(left)} containers; the rest took {time.monotonic() - began:.0f} s\n{done.err}")
        found = outcomes(program)
        assert (done.code, len(left) > 0) == (1, True), done
        assert len(found) == 24
        assert found == expected(found)
        hosts_.end(first)
        # What the killed one had started goes when heartbed is next started there.
        third = hosts[1].work(port)
        again = program("run", "prefork-daemon-native", "--scheduler", f"tcp://127.0.0.1:{port}")
        hosts_.end(third)
    assert again.code == 0, again
    assert hosts[1].containers() == []
