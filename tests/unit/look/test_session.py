"""A look at real sockets: of this process, which stands in for a client, and for a broker that only listens."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from heartbed.cli import cli
from heartbed.errors import InputError
from heartbed.look.asked import Asked
from heartbed.look.budget import Budget
from heartbed.look.scope import scope
from heartbed.look.session import Session
from heartbed.record import event as record
from heartbed.record.kinds import LookProcess, LookSocket, LookTick, RunEnd
from tests.unit.shards import CELLS, shard

SILENT = ("--for", "1.4", "--heartbeat", "1")
"""Watched for longer than the timeout, and for less than the three after which the broker would have closed."""

BEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it does not matter how long it is watched."""
    monkeypatch.setattr("heartbed.cli.look.SHORTEST_S", 0.1)
    monkeypatch.setattr("heartbed.look.session.TICK_S", 0.1)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's connection, and the other side of it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        accepted, _ = server.accept()
        with client, accepted:
            client.sendall(b"AMQP\x00\x00\x09\x01")
            yield client, accepted


def look(client: socket.socket, runs: Path, *arguments: str) -> tuple[int, str]:
    port = str(client.getpeername()[1])
    command = ["look", "--pid", str(os.getpid()), "--port", port, "--runs", str(runs), "--no-stacks", *arguments]
    done = CliRunner().invoke(cli, command, standalone_mode=False)
    assert done.exception is None, done.output
    return done.return_value, done.output


@contextlib.contextmanager
def beating(sender: socket.socket, every_s: float) -> Iterator[None]:
    """Heartbeats from one side meanwhile."""
    enough = threading.Event()

    def beat() -> None:
        while not enough.wait(every_s):
            sender.sendall(BEAT)

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


@pytest.mark.usefixtures("brief")
def test_client_that_sends_nothing_is_silent(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    client, broker = pair
    with beating(broker, 0.4):
        code, output = look(client, tmp_path, *SILENT, "--json")
    verdict = json.loads(output)
    (process,) = verdict["processes"]
    (connection,) = process["connections"]
    assert (code, verdict["outcome"], connection["outcome"]) == (1, "silent", "silent")
    assert process["pid"] == os.getpid()
    assert connection["unread"] >= len(BEAT)
    assert connection["conn"] == f"127.0.0.1:{client.getsockname()[1]}"


@pytest.mark.usefixtures("brief")
def test_client_that_sends_heartbeats_is_beating(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    with beating(pair[0], 0.3):
        code, output = look(pair[0], tmp_path, "--for", "1.2", "--json")
    assert (code, json.loads(output)["outcome"]) == (0, "beating")


@pytest.mark.usefixtures("brief")
def test_table_says_first_what_is_there_and_last_what_it_means(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    _, output = look(pair[0], tmp_path, "--for", "0.1", "--heartbeat", "60")
    first, _, last = output.partition("Watching for 0.1 s")
    assert str(os.getpid()) in first
    assert "within the timeout of 60.0 s (as --heartbeat names it)" in " ".join(last.split())
    assert "of a core" in last


@pytest.mark.usefixtures("brief")
def test_a_look_is_a_record_like_any_other(pair: tuple[socket.socket, socket.socket], tmp_path: Path) -> None:
    look(pair[0], tmp_path, "--for", "0.1", "--heartbeat", "1")
    events = record.read(tmp_path / "latest")
    kinds = [event.kind for event in events]
    assert kinds[:2] == ["run.start", "look.asked"]
    assert {LookProcess.KIND, LookSocket.KIND, LookTick.KIND} <= {*kinds}
    assert isinstance(events[-1].data, RunEnd)
    for name in ("text", "json", "markdown", "html"):
        done = CliRunner().invoke(cli, ["report", "latest", "--format", name, "--runs", str(tmp_path)])
        assert done.exit_code == 0, done.output
        assert str(os.getpid()) in done.output
    listed = CliRunner().invoke(cli, ["runs", "--runs", str(tmp_path)]).output
    assert "a look: 1 connection of 1 process" in " ".join(listed.split())


@pytest.mark.usefixtures("brief")
def test_formats_and_commands_for_runs_are_refused_for_a_look(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    look(pair[0], tmp_path, "--for", "0.1")
    for command in (["report", "latest", "--format", "junit"], ["explain", "a-cell", "latest"], ["verdict"]):
        done = CliRunner().invoke(cli, [*command, "--runs", str(tmp_path)], standalone_mode=False)
        assert isinstance(done.exception, InputError), command


@pytest.mark.usefixtures("brief")
def test_after_a_look_what_needs_cells_takes_the_newest_run_that_has_some(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    shard(tmp_path / "20200101-000000", "1/2")
    look(pair[0], tmp_path, "--for", "0.1")
    for command in (["verdict"], ["explain", CELLS[0].name], ["report", "--format", "junit"], ["diff", "latest"]):
        done = CliRunner().invoke(cli, [*command, "--runs", str(tmp_path)], standalone_mode=False)
        assert not isinstance(done.exception, InputError), command
    told = CliRunner().invoke(cli, ["report", "latest", "--format", "text", "--runs", str(tmp_path)]).output
    assert str(os.getpid()) in told


@pytest.mark.usefixtures("brief")
def test_port_without_connections_is_an_answer(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli, ["look", "--port", "1", "--for", "0.1", "--runs", str(tmp_path)], standalone_mode=False
    )
    assert "has a connection to a broker, on port 1" in done.output or "reset or shut down" in done.output
    assert done.return_value == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--for", "0"], "not a time to watch"),
        (["--for", "soon"], "not a time to watch"),
        (["--pid", "4194305"], "there is no process"),
        (["--unit", "no-such"], "no process belongs to the unit no-such.service"),
        (["--container", "0123456789ab"], "no process belongs to the container"),
        (["--broker", "rabbit1"], "--broker is not the address"),
        (["--heartbeat", "often"], "often"),
    ],
)
def test_wrong_input_is_refused_before_a_record_is_begun(arguments: list[str], said: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    done = CliRunner().invoke(cli, ["look", *arguments, "--runs", str(runs)], standalone_mode=False)
    assert isinstance(done.exception, InputError), done.output
    assert said in str(done.exception)
    assert not runs.exists()


def test_own_process_belongs_to_the_scope_that_names_it(tmp_path: Path) -> None:
    found = scope(Asked(tmp_path, pids=(os.getpid(),)))
    assert (found.words, found.wanted(os.getpid()), found.wanted(1)) == (f"process {os.getpid()}", True, False)


@pytest.mark.usefixtures("brief")
def test_broker_that_refuses_is_said_and_the_rest_goes_on(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    _, output = look(pair[0], tmp_path, "--for", "0.1", "--broker", "http://a:b@127.0.0.1:1", "--json")
    verdict = json.loads(output)
    assert len(verdict["processes"]) == 1
    assert verdict["missing"][-1].startswith("the broker's management API does not answer at http://127.0.0.1:1")
    assert "a:b" not in (tmp_path / "latest" / "record.jsonl").read_text()


def test_interrupted_look_leaves_a_record_that_says_so(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    session = Session(Asked(tmp_path, pids=(os.getpid(),), ports=(pair[0].getpeername()[1],)))

    def interrupted() -> None:
        with session.recording():
            session.first()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert session.verdict().status == "interrupted"


@pytest.mark.usefixtures("brief")
def test_threads_that_were_not_looked_at_for_their_cost_are_said(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(budget: Budget, _: float) -> bool:
        budget.refused = True
        return False

    monkeypatch.setattr(Budget, "allows", refuse)
    _, output = look(pair[0], tmp_path, "--for", "0.1", "--json")
    said = "the threads of 1 process: with more than were looked at, the look would take more than 5% of a core"
    assert said in json.loads(output)["missing"]
