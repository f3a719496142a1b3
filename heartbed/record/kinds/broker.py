"""The broker."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind


class ConnectionCreated(Kind):
    """RabbitMQ says that a connection was opened."""

    KIND: ClassVar[str] = "broker.connection.created"
    name: str | None = Field(default=None, description="RabbitMQ's own, `ip:port -> ip:port`")
    user_provided_name: str | None = Field(default=None, description="the client's; oslo.messaging's: `name:pid:uuid`")
    peer_host: str | None = Field(default=None, description="the client's address")
    peer_port: int | None = Field(default=None, description="the client's port")
    timeout_s: float | None = Field(default=None, description="the negotiated heartbeat timeout, seconds; 0: none")
    broker_pid: str = Field(default="", description="the Erlang process that serves it, as the log has it")
    client_properties: dict[str, Any] = Field(default={}, description="what the client says of itself")


class ConnectionClosed(Kind):
    """RabbitMQ says that a connection is closed; why stands only in its log."""

    KIND: ClassVar[str] = "broker.connection.closed"
    name: str | None = Field(default=None, description="as when it was created")
    broker_pid: str = Field(default="", description="as when it was created")
    timestamp_ms: int | None = Field(default=None, description="RabbitMQ's time, milliseconds since the epoch")


class ChannelCreated(Kind):
    """A channel was opened on a connection."""

    KIND: ClassVar[str] = "broker.channel.created"
    channel_pid: str = Field(default="", description="its Erlang process")
    connection_pid: str = Field(default="", description="its connection's")
    number: int | None = Field(default=None, description="of the channel")


class ConsumerCreated(Kind):
    """A consumer was registered: a connection with one is a LISTEN connection."""

    KIND: ClassVar[str] = "broker.consumer.created"
    channel_pid: str = Field(default="", description="its channel's Erlang process")
    queue: str | None = Field(default=None, description="from which it consumes")


class QueueDeleted(Kind):
    """A queue is there no more: it was deleted, or has expired. Its cell is that of its last consumer, if any."""

    KIND: ClassVar[str] = "broker.queue.deleted"
    name: str = Field(default="", description="the queue's")


OTHER = "other"
"""The reason of an entry of the log that tells of no close."""


class BrokerLog(Kind):
    """An entry of RabbitMQ's log: of a connection, or a warning and above, or the one that tells the versions."""

    KIND: ClassVar[str] = "broker.log"
    level: str = Field(default="info", description="`info`, `warning`, `error`, ...")
    broker_pid: str = Field(default="", description="the Erlang process that wrote it")
    reason: str = Field(description="of a close: `missed_heartbeats`, `client_closed`, `clean`, `error`; else `other`")
    text: str = Field(default="", description="the whole entry, may have several lines")
    timeout_s: float | None = Field(default=None, description="with `missed_heartbeats`: the timeout, seconds")
