"""The broker's announcements, as RabbitMQ 4.0.5 published them to five clients of different fates."""

import json
from pathlib import Path
from typing import Any

import pytest

from heartbed.observers.base import pid_of, resolver
from heartbed.observers.broker_events import Translation, broker_pid
from heartbed.record.event import Event, K, only
from heartbed.record.kinds import ChannelCreated, ConnectionClosed, ConnectionCreated, ConsumerCreated

SAMPLE = Path(__file__).parents[1] / "data" / "observers" / "broker_events.jsonl"
CELLS = {"172.22.0.6": "lab"}


@pytest.fixture
def announcements() -> list[dict[str, Any]]:
    return [json.loads(line) for line in SAMPLE.read_text().splitlines()]


@pytest.fixture
def events(announcements: list[dict[str, Any]]) -> list[Event]:
    translate = Translation(resolver(CELLS.get))
    told = (translate(each["key"], each["headers"]) for each in announcements)
    return [event for event in told if event is not None]


def of(events: list[Event], kind: type[K], conn: str) -> Event[K]:
    (found,) = [event for event in only(events, kind) if event.conn == conn]
    return found


def test_connection_is_named_by_the_clients_end_and_not_by_the_erlang_tuple(events: list[Event]) -> None:
    created = of(events, ConnectionCreated, "172.22.0.6:37014")
    assert created.data.peer_host == "172.22.0.6"
    assert created.data.peer_port == 37014


def test_connection_is_tied_to_its_cell_and_process(events: list[Event]) -> None:
    created = of(events, ConnectionCreated, "172.22.0.6:37014")
    assert (created.cell, created.pid) == ("lab", 20)
    assert created.data.timeout_s == 2
    assert created.data.client_properties["product"] == "py-amqp"
    assert created.data.client_properties["connection_name"] == created.data.user_provided_name


def test_close_comes_with_the_brokers_own_time(events: list[Event]) -> None:
    closed = of(events, ConnectionClosed, "172.22.0.6:37014")
    assert closed.t == pytest.approx((closed.data.timestamp_ms or 0) / 1000)
    assert (closed.cell, closed.pid) == ("lab", 20)


def test_channel_and_consumer_are_joined_to_their_connection(events: list[Event]) -> None:
    channel = of(events, ChannelCreated, "172.22.0.6:37038")
    consumer = of(events, ConsumerCreated, "172.22.0.6:37038")
    connection = of(events, ConnectionCreated, "172.22.0.6:37038")
    assert channel.data.connection_pid == connection.data.broker_pid
    assert consumer.data.channel_pid == channel.data.channel_pid
    assert (consumer.data.queue or "").startswith("reply_")
    assert consumer.pid == connection.pid


def test_every_client_is_seen_to_come_and_to_go(events: list[Event]) -> None:
    came = {event.conn for event in events if event.kind == "broker.connection.created"}
    went = {event.conn for event in events if event.kind == "broker.connection.closed"}
    assert came == went
    assert len(came) == 5


def test_close_of_a_connection_that_was_there_before_still_has_its_end(announcements: list[dict[str, Any]]) -> None:
    closed = next(each for each in announcements if each["key"] == "connection.closed")
    event = Translation(resolver(CELLS.get))(closed["key"], closed["headers"])
    assert event is not None
    assert event.conn == closed["headers"]["name"].split(" -> ")[0]


def test_values_that_arrive_as_octets_are_made_text(announcements: list[dict[str, Any]]) -> None:
    created = next(each for each in announcements if each["key"] == "connection.created")
    headers = {key: value.encode() if isinstance(value, str) else value for key, value in created["headers"].items()}
    event = Translation(resolver(CELLS.get))(created["key"], headers)
    assert event is not None
    assert isinstance(event.data, ConnectionCreated)
    assert event.data.name == created["headers"]["name"]


def test_other_announcements_are_left_out() -> None:
    assert Translation(resolver(CELLS.get))("queue.created", {"name": "q", "timestamp_in_ms": 1}) is None


def test_broker_pid_is_written_as_in_the_log() -> None:
    assert broker_pid("<rabbit@rabbitmq.1795339655.627.0>") == "<0.627.0>"
    assert broker_pid("<0.627.0>") == "<0.627.0>"


@pytest.mark.parametrize(
    ("name", "pid"),
    [
        ("mod_wsgi:6:a82bdbac-d965-45e0-8b3a-8cb28e2973fd", 6),
        ("nova-api: x:17:a82bdbac-d965-45e0-8b3a-8cb28e2973fd", 17),
        ("heartbed-observer", None),
        ("", None),
    ],
)
def test_process_is_read_from_the_name_that_oslo_messaging_gives(name: str, pid: int | None) -> None:
    assert pid_of(name) == pid
