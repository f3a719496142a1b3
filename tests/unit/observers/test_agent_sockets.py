"""What the agent tells of the sockets of a cell; here of real ones, of this process."""

from __future__ import annotations

import importlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbed.waiting import Deadline, until

ROOT = Path(__file__).parents[3]
MORE_THAN_FITS = b"x" * 8 * 1024 * 1024


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The agent's module, which lives in its image's folder."""
    monkeypatch.syspath_prepend(str(ROOT / "images" / "observer"))
    return importlib.import_module("heartbed_agent.sockets")


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, int]]:
    """A client whose server never reads; and the server's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            client.settimeout(0)
            yield client, port


class Processes:
    """No processes are known: whose the socket is does not matter here."""

    def scan(self) -> None:
        """Nothing to look for."""

    def of(self, _cell: str) -> list[Any]:
        return []


class Told:
    """The octets without an acknowledgement of one client, as they are told.

    Clients of a server that had the port before, in a test beside this one, may still try it.
    """

    def __init__(self, client: socket.socket) -> None:
        self.octets: list[int] = []
        self._conn = "{}:{}".format(*client.getsockname())

    def emit(self, _kind: str, data: dict[str, Any], *, conn: str, **_where: object) -> None:
        if conn == self._conn:
            self.octets.append(data["tx_octets"])


LOOKS, APART_S = 50, 0.01


def settled(sockets: Any, told: Told) -> bool:
    """Whether many looks in a row saw the same octets: on a busy machine the kernel sends on after a pause."""
    seen = set()
    for _ in range(LOOKS):
        sockets.tick()
        seen.add(told.octets[-1])
        time.sleep(APART_S)
    return len(seen) == 1


@pytest.mark.parametrize("again", [0.0, 3600.0], ids=["after the pause", "before it is over"])
def test_octets_that_stay_unacknowledged_are_told_again(
    module: Any, connection: tuple[socket.socket, int], monkeypatch: pytest.MonkeyPatch, again: float
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", again)
    client, port = connection
    told = Told(client)
    sockets = module.CellSockets("cell", os.getpid(), [port], Processes(), told)
    client.send(MORE_THAN_FITS)
    # What the kernel could still send on has been told by now: these stay.
    until(lambda: settled(sockets, told), Deadline(30), AssertionError, "the octets stayed")
    before = len(told.octets)
    # Where this process may not enter a network namespace, the kernel is not asked for each at every tick.
    for _ in range(3 * module.SLOW_TICKS):
        sockets.tick()
    sockets.close()
    # A look that also finds the list of sockets changed may tell twice of one.
    assert (len(told.octets) - before >= 3) if again == 0 else (len(told.octets) == before)
    assert min(told.octets) > 0


def test_a_socket_with_nothing_to_tell_is_told_once(
    module: Any, connection: tuple[socket.socket, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    client, port = connection
    told = Told(client)
    sockets = module.CellSockets("cell", os.getpid(), [port], Processes(), told)
    # Where this process may not enter a network namespace, the kernel is not asked for each at every tick.
    for _ in range(3 * module.SLOW_TICKS):
        sockets.tick()
    sockets.close()
    assert told.octets == [0]
