"""Connections, channels and consumers, as RabbitMQ itself announces them.

The plugin ``rabbitmq_event_exchange`` publishes to the exchange
``amq.rabbitmq.event``; what there is to say stands in the message's headers.
"""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

import kombu
from amqp.exceptions import AMQPError
from kombu.exceptions import KombuError

from heartbed.observers.base import Emit, Resolve, failed
from heartbed.record.event import Event
from heartbed.record.kinds import (
    ChannelCreated,
    ConnectionClosed,
    ConnectionCreated,
    ConsumerCreated,
    Kind,
    QueueDeleted,
)

EXCHANGE = "amq.rabbitmq.event"
CONNECTION_NAME = "heartbed-observer"
KEYS = ("connection.created", "connection.closed", "channel.created", "consumer.created", "queue.deleted")
RETRY_S = 0.25
CONNECT_TIMEOUT_S = 5.0
DRAIN_S = 0.2

PID = re.compile(r"<.*?(\d+\.\d+)>")
ENDS = re.compile(r"\[?(.+?)\]?:(\d+) -> ")
TEXT_PROPERTY = re.compile(r'\{<<"(.*?)">>,longstr,<<"(.*)">>\}', re.DOTALL)


class BrokerEvents:
    """Consumes the broker's events and emits them as ``broker.*``.

    ``url`` is ``amqp://user:password@host:port//``. Connecting is tried until
    ``deadline_s`` after ``start``, and again whenever the connection breaks.
    The connection has no heartbeat of its own: a stalled observer must not be
    closed for what it is there to see.
    """

    def __init__(self, url: str, emit: Emit, resolve: Resolve, *, deadline_s: float = 90.0) -> None:
        self.ready = threading.Event()
        """Set while events are being consumed."""
        self._url, self._emit, self._deadline_s = url, emit, deadline_s
        self._translate = Translation(resolve)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="broker-events", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def stop(self) -> None:
        """Disconnect."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(CONNECT_TIMEOUT_S + 2 * DRAIN_S)

    def _run(self) -> None:
        deadline = time.monotonic() + self._deadline_s
        while not self._ending.is_set():
            try:
                self._consume()
            except (OSError, AMQPError, KombuError) as error:
                deadline = self._broken(error, deadline)
                self._ending.wait(RETRY_S)
            finally:
                self.ready.clear()

    def _broken(self, error: Exception, deadline: float) -> float:
        """Say that there is no connection: when there was one, or when connecting took too long. New deadline."""
        now = time.monotonic()
        if self.ready.is_set():
            failed(self._emit, "broker_events", f"the connection to the broker broke: {error}")
            return now + self._deadline_s
        if now > deadline:
            failed(self._emit, "broker_events", f"the broker cannot be reached: {error}")
            return now + self._deadline_s
        return deadline

    def _consume(self) -> None:
        options = {"client_properties": {"connection_name": CONNECTION_NAME}}
        with kombu.Connection(
            self._url, heartbeat=0, connect_timeout=CONNECT_TIMEOUT_S, transport_options=options
        ) as connection:
            # By itself it would try again after 2 s, which the broker's start would be found out late by.
            connection.ensure_connection(max_retries=1, interval_start=RETRY_S, interval_step=0)
            channel = connection.channel()
            exchange = kombu.Exchange(EXCHANGE, type="topic", passive=True, durable=True)
            bindings = [kombu.binding(exchange, key) for key in KEYS]
            queue = kombu.Queue("", bindings=bindings, exclusive=True, auto_delete=True, channel=channel)
            with kombu.Consumer(channel, [queue], on_message=self._on_message, no_ack=True):
                self.ready.set()
                while not self._ending.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=DRAIN_S)

    def _on_message(self, message: Any) -> None:  # kombu is not typed
        key = message.delivery_info["routing_key"]
        try:
            event = self._translate(key, message.headers)
        except (KeyError, TypeError, ValueError) as error:
            failed(self._emit, "broker_events", f"{key} is not understood: {error!r}: {message.headers}")
            return
        if event is not None:
            self._emit(event)


class Translation:
    """Turns the broker's announcements into events.

    Remembers which process of the broker serves which connection and channel,
    because a channel and a consumer name only that; and who consumed from which queue last.
    """

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._owners: dict[str, tuple[str | None, str | None, int | None]] = {}
        self._consumers: dict[str, str] = {}

    def __call__(self, key: str, headers: Mapping[str, Any]) -> Event | None:
        """The event; None for an announcement that the record has no kind for."""
        told = {name: _plain(value) for name, value in headers.items()}
        if key == "connection.created":
            return self._created(told)
        if key == "connection.closed":
            gone = broker_pid(told["pid"])
            closed = ConnectionClosed(name=told.get("name"), broker_pid=gone, timestamp_ms=_ms(told))
            conn, cell, pid = self._owners.get(gone) or self._owner(told)
            return Event(closed, _time(told), cell, pid, conn)
        if key == "channel.created":
            channel, connection = broker_pid(told["pid"]), broker_pid(told["connection"])
            self._owners[channel] = self._owners.get(connection) or self._owner(told)
            number = told.get("number")
            created = ChannelCreated(channel_pid=channel, connection_pid=connection, number=number)
            return self._of(channel, created, told)
        if key == "consumer.created":
            channel = broker_pid(told["channel"])
            self._consumers[str(told.get("queue"))] = channel
            return self._of(channel, ConsumerCreated(channel_pid=channel, queue=told.get("queue")), told)
        if key == "queue.deleted":
            name = str(told["name"])
            return self._of(self._consumers.get(name, ""), QueueDeleted(name=name), told)
        return None

    def _created(self, told: Mapping[str, Any]) -> Event:
        pid = broker_pid(told["pid"])
        self._owners[pid] = self._owner(told)
        host, _, port = str(self._owners[pid][0] or "").rpartition(":")
        created = ConnectionCreated(
            name=told.get("name"),
            user_provided_name=told.get("user_provided_name"),
            peer_host=host or None,
            peer_port=int(port) if port else None,
            timeout_s=told.get("timeout"),
            broker_pid=pid,
            client_properties=_properties(told.get("client_properties") or []),
        )
        return self._of(pid, created, told)

    def _of(self, owner: str, data: Kind, told: Mapping[str, Any]) -> Event:
        conn, cell, pid = self._owners.get(owner, (None, None, None))
        return Event(data, _time(told), cell, pid, conn)

    def _owner(self, told: Mapping[str, Any]) -> tuple[str | None, str | None, int | None]:
        """Connection, cell and process, from the connection's name ``ip:port -> ip:port``.

        ``peer_host`` does not serve: it is an Erlang tuple of an IPv6 address.
        """
        match = ENDS.match(str(told.get("name")))
        if match is None:
            return None, None, None
        cell, pid = self._resolve(match[1], str(told.get("user_provided_name") or ""))
        return f"{match[1]}:{match[2]}", cell, pid


def broker_pid(term: object) -> str:
    """``<rabbit@host.1795339655.627.0>`` as the broker's log writes it: ``<0.627.0>``."""
    match = PID.fullmatch(str(term))
    return f"<0.{match[1]}>" if match else str(term)


def _time(told: Mapping[str, Any]) -> float:
    stamp = _ms(told)
    return time.time() if stamp is None else stamp / 1000


def _ms(told: Mapping[str, Any]) -> int | None:
    stamp = told.get("timestamp_in_ms")
    return int(stamp) if stamp is not None else None


def _plain(value: object) -> Any:  # whatever an AMQP table holds
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    return value


def _properties(terms: list[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """Client properties, which arrive as printed Erlang terms; the textual ones, and the others as they came."""
    if isinstance(terms, Mapping):
        return dict(terms)
    properties: dict[str, Any] = {}
    for term in terms:
        match = TEXT_PROPERTY.fullmatch(str(term))
        key = match[1] if match else str(term).partition('">>')[0].lstrip('{<"')
        properties[key] = match[2] if match else str(term)
    return properties
