"""``GET /heartbed/yield``: a page that waits for an answer on a socket, as one does that reads a database.

An OS thread of its own, which no eventlet knows of, is asked over a real
socket and answers some milliseconds later. Whoever waits for that on a green
socket switches to the hub of its thread; natively the thread just waits.
"""

from __future__ import annotations

import _socket
import socket
import time
from typing import Any

import webob
import webob.dec

from wsgi_app import natives
from wsgi_app.faults import method_not_allowed

ANSWER_S = 0.005
"""How long the answer takes: about what a database takes for a small query."""

DEADLINE_S = 5.0


def ask() -> dict[str, Any]:
    """Ask, wait for the answer, and tell how long it took. Raises ``OSError`` where none comes."""
    begun = time.monotonic()
    # Made by the C module, which nobody patches: the thread that answers must block, and no hub.
    ours, theirs = _socket.socketpair()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, fileno=ours.detach()) as asking:
        asking.settimeout(DEADLINE_S)
        natives.start_new_thread(_answer, (theirs,))
        asking.sendall(b"?")
        answer = asking.recv(1)
    return {"answer": answer.decode(), "waited_ms": round((time.monotonic() - begun) * 1000, 1)}


def _answer(asked: Any) -> None:
    """One answer to one question; Python's type of ``asked`` is the C module's own."""
    asked.recv(1)
    natives.sleep(ANSWER_S)
    asked.send(b"!")
    asked.close()


class Waits:
    """The endpoint."""

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        """The answer, once it has come."""
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed(request.method, "GET, HEAD")
        return webob.Response(json_body=ask(), content_type="application/json")


def app_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """For paste.deploy."""
    return Waits()
