"""How long a request is waited for: longer on a machine that was slow before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from heartbed.record.event import Event
from heartbed.stage.client import GRACE_S, SLOWNESS, Client

TOOK_S = 0.2


class Slow(BaseHTTPRequestHandler):
    """Takes its time."""

    def do_GET(self) -> None:
        """Answer, late."""
        time.sleep(TOOK_S)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET  # noqa: N815  # the base's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def client() -> Iterator[Client]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    events: list[Event] = []
    yield Client("cell", lambda: f"http://127.0.0.1:{server.server_port}", events.append, 4.0)
    server.shutdown()
    server.server_close()


def test_a_request_is_given_the_time_of_its_rpc_and_some_grace(client: Client) -> None:
    assert client.patience_s == 4.0 + GRACE_S


def test_where_opening_was_slow_a_later_answer_is_waited_for_longer(client: Client) -> None:
    client.cast("open")
    assert client.patience_s >= 4.0 + GRACE_S + SLOWNESS * TOOK_S


def test_neither_bursts_nor_what_a_fault_holds_up_make_it_longer(client: Client) -> None:
    client.cast("open", burst="cold")
    client.cast("during")
    client.cast("after")
    assert client.patience_s == 4.0 + GRACE_S


def test_a_fault_that_holds_requests_up_does_as_long_as_it_lasts(client: Client) -> None:
    client.wait_longer(8.0)
    client.wait_longer(-8.0)
    assert client.patience_s == 4.0 + GRACE_S
