"""How long a request is waited for: for as long as the cell works, and longer on a machine that was slow before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from heartbed.errors import NoEngineError, TestbedError
from heartbed.record.event import Event, only
from heartbed.record.kinds import Request
from heartbed.stage import client as module
from heartbed.stage import patient
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
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def client(url: str) -> Client:
    events: list[Event] = []
    return Client("cell", lambda: url, events.append, 4.0)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes hundredths of them."""
    monkeypatch.setattr(patient, "POLL_S", 0.01)
    monkeypatch.setattr(module, "GRACE_S", 0.0)
    monkeypatch.setattr(module, "LITTLE_S", 0.01)


def ask(url: str, still_s: Callable[[float], float], patience_s: float = TOOK_S / 4) -> Request:
    """What is recorded of a request that takes ``TOOK_S``, where the cell stands still for so long."""
    events: list[Event] = []
    Client("cell", lambda: url, events.append, patience_s, still_s=still_s).cast("open")
    (told,) = only(events, Request)
    return told.data


@pytest.mark.usefixtures("impatient")
def test_a_cell_that_works_is_waited_for_however_late_its_answer_is(url: str) -> None:
    told = ask(url, lambda _: 0.0)
    assert (told.status, told.error, told.patience_s) == (200, None, None)


@pytest.mark.usefixtures("impatient")
def test_one_that_stands_still_is_not_and_it_is_told_for_how_long_it_was_to_be_waited_for(url: str) -> None:
    told = ask(url, lambda since: time.time() - since)
    assert (told.status, told.patience_s) == (None, TOOK_S / 4)
    assert told.error == "ReadTimeout: not answered within 0 s"
    assert told.ms < TOOK_S * 1000


@pytest.mark.usefixtures("impatient")
def test_nothing_is_waited_for_beyond_the_last_deadline(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAKE_S", TOOK_S / 2)
    told = ask(url, lambda _: 0.0)
    assert told.status is None
    assert told.error is not None
    assert told.error.endswith("of which the cell was at work")
    assert told.ms < TOOK_S * 1000


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


def test_a_cell_that_has_ended_takes_no_connection() -> None:
    def ended() -> str:
        raise TestbedError("cell has ended before its port 8080 was published")

    events: list[Event] = []
    gone = Client("cell", ended, events.append, 4.0)
    assert gone.wake().status is None
    assert gone.cast("during") == (None, None)
    (told,) = only(events, Request)
    assert told.data.error == "ConnectionError: cell has ended before its port 8080 was published"


def test_without_an_engine_nothing_is_learnt_of_a_cell() -> None:
    def silent() -> str:
        raise NoEngineError("no engine answers")

    with pytest.raises(NoEngineError):
        Client("cell", silent, lambda _: None, 4.0).wake()
