"""The management API: what it tells, and each way in which it may not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from heartbed.errors import InputError
from heartbed.look.management import Management, RefusedError, management
from heartbed.record.kinds import LookBroker

TOLD = [
    {
        "peer_host": "::ffff:10.0.0.5",
        "peer_port": 40001,
        "timeout": 60,
        "user_provided_name": "nova-api:7:uuid",
        "connected_at": 1000500,
        "recv_oct": 1008,
        "send_oct": 2000,
        "state": "running",
    },
    {"name": "a shovel's, without an address"},
]


class Api(BaseHTTPRequestHandler):
    """Answers with a status and a text that the server has."""

    def do_GET(self) -> None:
        """Any path."""
        status, text = self.server.answer  # type: ignore[attr-defined]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def api() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asked(server: HTTPServer, status: int, text: str) -> Management:
    server.answer = (status, text)  # type: ignore[attr-defined]
    return management(f"http://monitor:secret@127.0.0.1:{server.server_port}")


def test_connections_are_told_by_the_clients_end(api: HTTPServer) -> None:
    (event,) = asked(api, 200, json.dumps(TOLD)).connections()
    assert event.conn == "10.0.0.5:40001"
    assert event.data == LookBroker(
        timeout_s=60, name="nova-api:7:uuid", connected=1000.5, received=1008, sent=2000, state="running"
    )


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (401, "{}", "refuses the user 'monitor': name user and password"),
        (404, "", "answers with HTTP 404"),
        (200, "<html>", "is no management API"),
        (200, '{"a": 1}', "is no management API"),
    ],
)
def test_refusal_is_a_sentence(api: HTTPServer, status: int, text: str, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        asked(api, status, text).connections()


def test_broker_that_does_not_answer_is_a_sentence() -> None:
    with pytest.raises(RefusedError, match=r"does not answer at http://127\.0\.0\.1:1: Connection refused"):
        management("http://127.0.0.1:1").connections()


def test_password_is_in_no_text_of_it() -> None:
    found = management("https://monitor:s%40cret@rabbit1:15671/api-root/")
    assert (found.url, found.user, found.password) == ("https://rabbit1:15671/api-root", "monitor", "s@cret")
    assert "s@cret" not in repr(found)


@pytest.mark.parametrize(
    "text", ["rabbit1:15672", "amqp://rabbit1", "http://", "http://rabbit1:port", "http://u:p@[::1"]
)
def test_address_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        management(text)
