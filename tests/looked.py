"""Processes to be looked at: clients of a broker that only listens, and one that sees whether it was ever stopped."""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

GREETING = b"AMQP\x00\x00\x09\x01"
BEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"

SERVER = """
import os, socket, sys, threading, time
port, workers, connections, silent = map(int, sys.argv[1:])
def work(number):
    opened = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    for each in opened:
        each.sendall({greeting})
    for _ in range(4):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    os.write(1, b"ready\\n")
    beating = opened[:-1] if number < silent else opened
    enough = threading.Event()
    while not enough.wait(2.0):
        for each in beating:
            each.sendall({beat})
for number in range(workers):
    if os.fork() == 0:
        work(number)
sys.stdin.read()
os.killpg(0, 9)
"""
"""Forks its workers, as a server does. So many of them have a connection that sends nothing after its greeting."""

CLOCK = """
import ctypes, json, resource, signal, socket, sys, time
ctypes.CDLL(None).prctl(0x59616d61, ctypes.c_ulong(-1), 0, 0, 0)
connection = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
connection.sendall({greeting})
ended = []
signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
def switches():
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
print("ready", flush=True)
last = time.perf_counter()
begun = seen = switches()
gaps = []
while not ended:
    now, count = time.perf_counter(), switches()
    if count != seen:
        gaps.append(max(now - last, time.perf_counter() - now))
    last, seen = now, count
print(json.dumps({{"count": switches() - begun, "gaps": gaps}}), flush=True)
"""
"""Reads the clock without a pause, and never waits: whenever it gives its core away of its own, it was stopped.

The kernel counts a thread's stop as a voluntary switch, and that another had its core as an involuntary one.
"""


class Broker:
    """Takes connections, and sends a heartbeat on each of them every so many seconds. Its other side is never read."""

    def __init__(self, every_s: float) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = int(self._listening.getsockname()[1])
        self._every_s = every_s
        self._taken: list[socket.socket] = []
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=each, daemon=True) for each in (self._take, self._beat)]
        for each in self._threads:
            each.start()

    def _take(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            while not self._enough.is_set():
                if selector.select(0.1):
                    self._taken.append(self._listening.accept()[0])

    def _beat(self) -> None:
        while not self._enough.wait(self._every_s):
            for each in list(self._taken):
                with contextlib.suppress(OSError):  # its client has ended
                    each.sendall(BEAT)

    def close(self) -> None:
        """Close all."""
        self._enough.set()
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._taken):
            each.close()


@contextlib.contextmanager
def broker(every_s: float = 3.0) -> Iterator[Broker]:
    """One for as long as the context."""
    made = Broker(every_s)
    try:
        yield made
    finally:
        made.close()


@contextlib.contextmanager
def server(port: int, workers: int, connections: int, silent: int = 0) -> Iterator[int]:
    """A server whose workers are all connected; its first process."""
    script = SERVER.format(greeting=GREETING, beat=BEAT)
    numbers = map(str, (port, workers, connections, silent))
    with _started(script, *numbers) as process:
        for _ in range(workers):
            _ready(process)
        yield process.pid


@dataclass
class Clock:
    """A process that reads the clock; what it has seen is known once the context has ended."""

    pid: int
    stops: int = 0
    lengths: tuple[float, ...] = ()
    """How long it stood still, seconds, once or more at a time."""


@contextlib.contextmanager
def clock(port: int) -> Iterator[Clock]:
    """One that runs for as long as the context."""
    with _started(CLOCK.format(greeting=GREETING), str(port)) as process:
        _ready(process)
        made = Clock(process.pid)
        yield made
        process.terminate()
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        made.stops, made.lengths = told["count"], tuple(told["gaps"])


@contextlib.contextmanager
def _started(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def _ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise RuntimeError("a process to be looked at has ended")
