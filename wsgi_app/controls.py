"""The controls: two clients whose fate is known.

``python3 -m wsgi_app.controls``. ``control-silent`` opens a connection and never sends or reads an octet again:
RabbitMQ must close it between two and three heartbeat timeouts later.
``control-beating`` has a native thread that sends heartbeats: RabbitMQ must keep
it. There is no httpd, no eventlet and no oslo.messaging here, so when a control
goes wrong it is the broker or the machine, and no cell can be judged.

Prints one JSON object a line, as kind ``control`` in docs/record.md: ``t``,
``control``, ``event``, ``pid`` and what belongs to the event.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp

BEATS_PER_TIMEOUT = 3
CONNECT_DEADLINE_S = 120.0
RETRY_S = 0.5
AMQP_PORT = 5672

Emit = Callable[..., None]


@dataclass(frozen=True)
class Broker:
    """Where the broker is and what heartbeat timeout to ask it for."""

    host: str
    port: int
    user: str
    password: str
    virtual_host: str
    heartbeat_s: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Broker:
        """From ``HEARTBED_BROKER_URL`` (``amqp://user:password@host:port/vhost``) and ``HEARTBED_HEARTBEAT`` (s)."""
        url = urlsplit(environ["HEARTBED_BROKER_URL"])
        return cls(
            host=url.hostname or "rabbitmq",
            port=url.port or AMQP_PORT,
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            virtual_host=unquote(url.path.removeprefix("/")) or "/",
            heartbeat_s=int(environ["HEARTBED_HEARTBEAT"]),
        )


def emit(control: str, event: str, **data: Any) -> None:
    """Print one event."""
    print(json.dumps({"t": time.time(), "control": control, "event": event, "pid": os.getpid(), **data}), flush=True)


def connect(broker: Broker, control: str) -> amqp.Connection:
    """Connect, trying again until ``CONNECT_DEADLINE_S`` has passed; then the last error is raised."""
    deadline = time.monotonic() + CONNECT_DEADLINE_S
    name = f"{control}:{os.getpid()}"
    while True:
        connection = amqp.Connection(
            host=f"{broker.host}:{broker.port}",
            userid=broker.user,
            password=broker.password,
            virtual_host=broker.virtual_host,
            heartbeat=broker.heartbeat_s,
            client_properties={"connection_name": name},
        )
        try:
            connection.connect()
        except (OSError, amqp.AMQPError):
            if time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
            continue
        address, port = connection.sock.getsockname()[:2]
        emit(
            control,
            "connected",
            user_provided_name=name,
            timeout_s=connection.heartbeat,
            conn=f"{address}:{port}",
        )
        return connection


def watch(connection: amqp.Connection, control: str) -> None:
    """Wait until the other side has closed, without reading: only the hang-up is asked for, never the data."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLRDHUP)
    (_, events), *_ = poll.poll()
    how = "reset" if events & select.POLLERR else "closed by the broker"
    emit(control, "closed", error=how)


def beat(connection: amqp.Connection, control: str, stop: threading.Event) -> None:
    """Send a heartbeat every third of the timeout, and read what the broker sends in between."""
    interval = connection.heartbeat / BEATS_PER_TIMEOUT
    due = time.monotonic()
    try:
        while not stop.is_set():
            connection.send_heartbeat()
            emit(control, "beat")
            due += interval
            _drain(connection, due)
    except (OSError, amqp.AMQPError) as error:
        emit(control, "closed", error=f"{type(error).__name__}: {error}")


def _drain(connection: amqp.Connection, until: float) -> None:
    """Read one frame after the other until then. ``drain_events`` would begin its timeout anew after each heartbeat."""
    while (left := until - time.monotonic()) > 0:
        try:
            connection.blocking_read(timeout=left)
        except TimeoutError:
            return


def main() -> int:
    """Hold both connections until SIGTERM or SIGINT."""
    broker = Broker.from_environ(os.environ)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        beating = connect(broker, "control-beating")
        threading.Thread(target=beat, args=(beating, "control-beating", stop), daemon=True).start()
        silent = connect(broker, "control-silent")
        threading.Thread(target=watch, args=(silent, "control-silent"), daemon=True).start()
    except (OSError, amqp.AMQPError) as error:
        print(f"controls: no connection to {broker.host}:{broker.port}: {error}", file=sys.stderr, flush=True)
        return 1
    stop.wait()
    # Leave at once: neither connection may say good-bye, the silent one because it says nothing at all.
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
