"""What cannot be seen is said in a sentence, and the rest goes on: of real sockets, and of a process that ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest

from heartbed.kernel import messages, proc
from heartbed.look.asked import Asked
from heartbed.look.management import Management
from heartbed.look.session import Session
from heartbed.look.sockets import Sockets
from heartbed.record.event import Event
from heartbed.verdict.look import LookVerdict
from heartbed.verdict.look.values import LookedAt
from tests.looked import Broker, broker
from tests.unit.look.test_management import Api

CLIENT = """
import socket, sys
opened = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(4)]
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A broker; looks are brief."""
    monkeypatch.setattr("heartbed.look.session.TICK_S", 0.1)
    with broker() as made:
        yield made


@pytest.fixture
def client(listening: Broker) -> Iterator[subprocess.Popen[str]]:
    """A process with four connections to it."""
    command = [sys.executable, "-c", CLIENT, str(listening.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


def looked(runs: Path, port: int, pid: int, broker_: Management | None = None) -> LookVerdict:
    session = Session(Asked(runs, pids=(pid,), ports=(port,), for_s=0.3, stacks=False, broker=broker_))
    with session.recording():
        session.first()
        session.watch()
    return session.verdict()


def connections(verdict: LookVerdict) -> list[LookedAt]:
    return [each for process in verdict.processes for each in process.connections]


@pytest.mark.usefixtures("client")
def test_connections_whose_processes_are_hidden_are_said_together_and_once(
    listening: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden(_: int) -> set[int]:
        raise PermissionError

    said: list[str] = []
    events: list[Event] = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(proc, "sockets", hidden)
    sockets = Sockets((listening.port,), lambda _: True, events.append, said.append)
    sockets._processes = lambda: {sockets._own: [os.getpid()]}  # type: ignore[method-assign]
    for _ in range(2):
        sockets._counts.clear()
        sockets.discover()
    sockets.close()
    (sentence,) = said
    assert sentence.startswith("whose the 4 connections to a broker are (127.0.0.1:")
    assert sentence.endswith(", ...): that takes root")


def test_process_that_ends_meanwhile_is_a_sentence(
    listening: Broker, client: subprocess.Popen[str], tmp_path: Path
) -> None:
    session = Session(Asked(tmp_path, pids=(client.pid,), ports=(listening.port,), for_s=0.3, stacks=False))
    with session.recording():
        session.first()
        client.kill()
        client.wait()
        session.watch()
    assert {each.why for each in connections(session.verdict())} == {"its process ended during the look"}


def test_kernel_that_tells_nothing_of_tcp_is_a_sentence(
    listening: Broker, client: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "info_of", lambda _: None)
    found = connections(looked(tmp_path, listening.port, client.pid))
    assert [each.why for each in found] == ["this kernel does not tell when a connection was last used"] * 4


def test_broker_that_refuses_the_password_is_a_sentence(
    listening: Broker, client: subprocess.Popen[str], tmp_path: Path
) -> None:
    with HTTPServer(("127.0.0.1", 0), Api) as api:
        api.answer = (401, "{}")  # type: ignore[attr-defined]
        thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{api.server_port}"
        verdict = looked(tmp_path, listening.port, client.pid, Management(url, "monitor", "wrong"))
        api.shutdown()
        thread.join()
    assert verdict.missing[-1] == (
        f"the broker's management API at {url} refuses the user 'monitor': name user and password"
    )
    assert len(connections(verdict)) == 4
