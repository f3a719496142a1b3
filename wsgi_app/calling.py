"""A call to the RPC server without oslo.messaging: its envelope, by a raw AMQP client.

A control must not share what it is there to check. The envelope is oslo.messaging's version 2.0
(``oslo_messaging/_drivers/common.py``), the routing that of its RabbitMQ driver.
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any

import amqp

EXCHANGE = "nova"
SERVER = "compute.compute"
"""Topic and host: the routing key of the queue that only this RPC server consumes."""
DEADLINE_S = 4.0
ENVELOPE = "2.0"


@dataclass(frozen=True)
class Answer:
    """What came of a call: how long it took, and why there was no reply, if there was none."""

    ms: float
    error: str | None = None


def call(connection: amqp.Connection, deadline_s: float = DEADLINE_S) -> Answer:
    """Call the RPC server and wait for its reply. Never raises: what goes wrong is the answer."""
    began = time.monotonic()
    error: str | None = None
    try:
        _call(connection, began + deadline_s)
    except TimeoutError:
        error = f"no reply within {deadline_s:g} s"
    except (OSError, amqp.AMQPError, ValueError, KeyError) as problem:
        error = f"{type(problem).__name__}: {problem}"
    return Answer(round((time.monotonic() - began) * 1000, 2), error)


def _call(connection: amqp.Connection, deadline: float) -> None:
    channel = connection.channel()
    replies: list[dict[str, Any]] = []
    try:
        queue = f"reply_{uuid.uuid4().hex}"
        channel.queue_declare(queue, exclusive=True, auto_delete=True)
        # Releases of oslo.messaging before 12.3 answer through an exchange of the queue's name.
        channel.exchange_declare(queue, "direct", durable=False, auto_delete=True)
        channel.queue_bind(queue, queue, queue)
        channel.basic_consume(queue, callback=lambda message: replies.append(_reply(message)), no_ack=True)
        number = uuid.uuid4().hex
        channel.basic_publish(_request(queue, number), EXCHANGE, SERVER)
        while not any(reply.get("_msg_id") == number for reply in replies):
            connection.drain_events(timeout=max(0.001, deadline - time.monotonic()))
            if time.monotonic() > deadline:
                raise TimeoutError
    finally:
        channel.close()


def _request(queue: str, number: str) -> amqp.Message:
    body = {
        "method": "get_diagnostics",
        "args": {"server_id": "control"},
        "version": "5.0",
        "_msg_id": number,
        "_reply_q": queue,
        "_unique_id": uuid.uuid4().hex,
        "_timeout": DEADLINE_S,
    }
    envelope = {"oslo.version": ENVELOPE, "oslo.message": json.dumps(body)}
    return amqp.Message(json.dumps(envelope), content_type="application/json", content_encoding="utf-8")


def _reply(message: amqp.Message) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(message.body)
    reply: dict[str, Any] = json.loads(envelope["oslo.message"])
    return reply
