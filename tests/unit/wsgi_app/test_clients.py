"""The connection that a stack works on, from the objects of real client libraries."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from types import FrameType, SimpleNamespace

import amqp
import kombu
import pytest

from wsgi_app.clients import connection


@pytest.fixture
def end() -> Iterator[tuple[socket.socket, str]]:
    """A connected socket, and its own end as text."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as mine:
        yield mine, "{}:{}".format(*mine.getsockname())


def stack(held: object) -> FrameType:
    """A frame that holds an object in a local variable, and one above it that does not."""

    def inner() -> FrameType:
        return sys._getframe()

    def outer(own: object) -> FrameType:
        assert own is held
        return inner()

    return outer(held)


def test_a_stack_that_holds_a_connection_of_amqp_or_kombu(end: tuple[socket.socket, str]) -> None:
    sock, told = end
    bare = amqp.Connection()
    bare._transport = SimpleNamespace(sock=sock)
    assert connection(stack(bare)) == told
    over = kombu.Connection("amqp://")
    over._connection = bare
    assert connection(stack(over)) == told


def test_one_that_is_not_connected_is_none() -> None:
    assert connection(stack(kombu.Connection("amqp://"))) is None
    assert connection(stack(amqp.Connection())) is None
    assert connection(stack("anything else")) is None
    assert connection(None) is None
