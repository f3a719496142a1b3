"""The control clients' settings. What they do to a broker is tested by every run."""

from __future__ import annotations

import json

import pytest

from wsgi_app.controls import Broker, emit


def broker(url: str) -> Broker:
    return Broker.from_environ({"HEARTBED_BROKER_URL": url, "HEARTBED_HEARTBEAT": "2"})


def test_the_broker_is_taken_from_its_url() -> None:
    assert broker("amqp://heartbed:p%40ss@rabbitmq:5673/a%2Fb") == Broker(
        host="rabbitmq", port=5673, user="heartbed", password="p@ss", virtual_host="a/b", heartbeat_s=2
    )


@pytest.mark.parametrize("url", ["amqp://heartbed:x@rabbitmq", "amqp://heartbed:x@rabbitmq/"])
def test_port_and_virtual_host_have_the_protocol_s_defaults(url: str) -> None:
    assert (broker(url).port, broker(url).virtual_host) == (5672, "/")


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    emit("control-silent", "closed", error="reset")
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["control"], told["event"], told["error"]) == ("control-silent", "closed", "reset")
    assert {"t", "pid"} <= set(told)
