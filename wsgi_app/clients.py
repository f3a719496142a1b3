"""Which AMQP connection a stack works on: found by attributes that do not connect, and by one system call."""

from __future__ import annotations

import contextlib
import operator
from types import FrameType
from typing import Any

SOCKETS = {
    "oslo_messaging._drivers.impl_rabbit": "connection._connection._transport.sock",
    "kombu.connection": "_connection._transport.sock",
    "amqp.connection": "_transport.sock",
    "pika.adapters.blocking_connection": "_impl._transport._sock",
}
"""Module of a client library's connection class -> where its objects keep the socket."""

FRAMES_MOST = 60


def connection(frame: FrameType | None) -> str | None:
    """The client's end, ``ip:port``, of the connection that the stack holds in its innermost frame of those that do.

    None when no frame holds one that is connected.
    """
    for _ in range(FRAMES_MOST):
        if frame is None:
            return None
        for value in frame.f_locals.values():
            if found := _end(value):
                return found
        frame = frame.f_back
    return None


def _end(value: Any) -> str | None:
    path = SOCKETS.get(type(value).__module__)
    if path is None:
        return None
    # Another class of that module, or not connected any more.
    with contextlib.suppress(AttributeError, OSError, TypeError, ValueError):
        address, port = operator.attrgetter(path)(value).getsockname()[:2]
        return f"{address}:{port}"
    return None
