"""The controls: clients whose fate is known.

``python3 -m wsgi_app.controls``. ``control-silent`` opens a connection and never sends or reads an octet again:
RabbitMQ must close it between two and three heartbeat timeouts later.
``control-beating`` has a native thread that sends heartbeats: RabbitMQ must keep
it. On SIGUSR1 a third, ``control-calling``, calls the RPC server, which must
answer. There is no httpd, no eventlet and no oslo.messaging here, so when a
control goes wrong it is the broker, the RPC server or the machine, and no cell
can be judged.

Prints one JSON object a line: ``t``, ``control``, ``event``, ``pid`` and what
belongs to the event. ``called`` is told in the record (``control.call``).
"""

from __future__ import annotations

import json
import os
import queue
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

from wsgi_app import calling
from wsgi_app.gate import Gate

BEATS_PER_TIMEOUT = 3
CONNECT_DEADLINE_S = 120.0
RETRY_S = 0.5
AMQP_PORT = 5672

CALL_SIGNAL = signal.SIGUSR1

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
    told = {"t": time.time(), "control": control, "event": event, "pid": os.getpid()} | data
    # With its end in one piece: print would write that by itself, and controls tell in threads of their own.
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()


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


def answer_calls(broker: Broker, wanted: queue.SimpleQueue[float]) -> None:
    """Call the RPC server whenever it is wanted, each time on a connection of its own; tell when it was sent."""
    while True:
        sent = wanted.get()
        try:
            with amqp.Connection(
                host=f"{broker.host}:{broker.port}",
                userid=broker.user,
                password=broker.password,
                virtual_host=broker.virtual_host,
                connect_timeout=calling.DEADLINE_S,
                client_properties={"connection_name": f"control-calling:{os.getpid()}"},
            ) as connection:
                answer = calling.call(connection)
        except (OSError, amqp.AMQPError) as error:
            answer = calling.Answer(round((time.time() - sent) * 1000, 2), f"{type(error).__name__}: {error}")
        told = {"answered": answer.error is None, "ms": answer.ms, "error": answer.error}
        emit("control-calling", "called", t=sent, **told)


def main() -> int:
    """Hold both connections until SIGTERM or SIGINT."""
    gate = Gate(os.environ)
    broker = Broker.from_environ(os.environ)
    stop = threading.Event()
    calls: queue.SimpleQueue[float] = queue.SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    signal.signal(CALL_SIGNAL, lambda *_: calls.put(time.time()))
    threading.Thread(target=answer_calls, args=(broker, calls), daemon=True).start()
    gate.wait(stop.is_set)
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
