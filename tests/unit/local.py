"""A testbed without Docker, to test how runs go and end: an ``Engine``, its ``Testbed`` and a ``Watching``.

The services of the run's Compose file live in this process. A cell is a real
HTTP server on 127.0.0.1 that answers as the application does, but opens no
connection: no run on this testbed can come to a verdict, and none is meant to.
How a service behaves is chosen for each by its name.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from heartbed.errors import TestbedError
from heartbed.record import kinds
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.run.execute import Parts
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import Plan
from heartbed.testbed.testbed import LETS_GO, LOG_LINES, Address, Change, Machine, Needs

PID = 4711
LAST_WORDS = "it has no more to say"


class Behaviour(Enum):
    """What a service does once it is started."""

    WORKS = "works"
    REFUSES = "refuses"
    """It cannot be started."""
    ENDS = "ends"
    """It starts, logs its last words, and ends."""
    IS_SILENT = "is silent"
    """It runs, and neither answers nor connects."""
    FAILS = "fails"
    """It answers every request with 500."""
    RESTLESS = "is restless"
    """It works, and can neither be paused nor told to reload."""
    STUBBORN = "is stubborn"
    """It works, and cannot be resumed once it is paused."""
    STAYS = "stays"
    """It works, and cannot be removed."""


class Answers(BaseHTTPRequestHandler):
    """What the application answers, as far as a run needs it."""

    def _answer(self, status: int, body: object) -> None:
        failing, pid = self.server.failing, self.server.pid  # type: ignore[attr-defined]  # Cell's own
        content = b"Traceback: no such module" if failing else json.dumps(body).encode()
        self.send_response(500 if failing else status)
        for name, value in {"X-Heartbed-Pid": pid, "X-Heartbed-Thread": pid, "Content-Length": len(content)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        """Facts, diagnostics, and pages."""
        pid = self.server.pid  # type: ignore[attr-defined]  # Cell's own
        facts = {"pid": pid, "versions": {"oslo.messaging": "17.3.2"}}
        self._answer(200, facts if self.path.endswith("/facts") else {})

    def do_POST(self) -> None:
        """An action."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(202, None)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base's name
        """Say nothing."""


class Cell(ThreadingHTTPServer):
    """A cell's server; it listens from its making on and answers while it serves."""

    daemon_threads = True
    request_queue_size = 128
    """Who finds the queue full tries again after a second."""

    def __init__(self, *, failing: bool) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.failing = failing
        self.pid = PID
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@dataclass
class Service:
    """One service: what it does, what it has logged, and whether it has ended."""

    name: str
    behaviour: Behaviour
    running: bool = False
    server: Cell | None = None
    log: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def start(self, *, cell: bool) -> None:
        """Raises ``TestbedError`` for one that cannot be started."""
        if self.behaviour is Behaviour.REFUSES:
            raise TestbedError(f"{self.name} does not start: no such image")
        self.running = True
        self.ended.clear()
        if self.behaviour is Behaviour.ENDS:
            self.end()
        elif cell and self.behaviour is not Behaviour.IS_SILENT:
            self.server = Cell(failing=self.behaviour is Behaviour.FAILS)

    def end(self) -> None:
        """As when its first process ends."""
        if self.running:
            self.log.append(LAST_WORDS)
        self.running = False
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None
        self.ended.set()


@dataclass
class Feed:
    """A service's log: nothing, until it ends or somebody closes it."""

    service: Service
    closed: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[bytes]:
        while not self.closed.wait(0.01):
            if self.service.ended.is_set():
                yield b"".join(f"2026-01-01T00:00:00Z {line}\n".encode() for line in self.service.log)
                return

    def close(self) -> None:
        """End it."""
        self.closed.set()


class NoChanges:
    """Nothing is done to a service by others."""

    def __iter__(self) -> Iterator[Change]:
        yield from ()

    def close(self) -> None:
        """There is nothing to end."""


class LocalTestbed:
    """The services of one run: a ``Testbed``."""

    def __init__(self, file: Path, behaviours: Mapping[str, Behaviour], create: Callable[[], None]) -> None:
        self.services: dict[str, Service] = {}
        self.done: list[tuple[str, str]] = []
        self._file, self._behaviours, self._create = file, behaviours, create

    def create(self, services: Sequence[str] = ()) -> None:
        """One for each service that is named, or is in the Compose file and not made yet."""
        names = services or yaml.load(self._file.read_text(), yaml.CSafeLoader)["services"]
        self._create()
        for name in names:
            self.services.setdefault(name, Service(name, self._behaviours.get(name, Behaviour.WORKS)))

    def start(self, service: str) -> None:
        """Start one; a cell is what is not one of the four that every run has."""
        cell = service.partition(".")[0] not in ("rabbitmq", "observer", "compute", "controls")
        self.services[service].start(cell=cell)

    def running(self, service: str) -> bool:
        """Whether it runs."""
        return service in self.services and self.services[service].running

    def on_end(self, service: str, tell: Callable[[], None]) -> None:
        """Have ``tell`` called when it ends."""

        def wait() -> None:
            self.services[service].ended.wait()
            tell()

        threading.Thread(target=wait, daemon=True).start()

    def address(self, service: str) -> Address:
        """All of them are here."""
        return Address("127.0.0.1", service, PID if self.running(service) else 0)

    def url(self, service: str) -> str:
        """Where a cell answers; a closed port where it does not."""
        server = self.services[service].server
        return f"http://127.0.0.1:{server.server_port if server else 1}"

    def amqp_port(self) -> int:
        """There is no broker."""
        return 1

    def log(self, service: str, lines: int = LOG_LINES) -> list[str]:
        """What it has logged."""
        return self.services[service].log[-lines:] if service in self.services else []

    def follow(self, service: str) -> Feed:
        """What it logs."""
        return Feed(self.services[service])

    def changes(self) -> NoChanges:
        """Nothing is done to them."""
        return NoChanges()

    def inside(self, service: str, *command: str) -> list[str]:
        """There is no inside."""
        del service
        return list(command)

    def pause(self, service: str) -> None:
        """It answers no more."""
        self.did("pause", service)

    def resume(self, service: str) -> None:
        """It answers again."""
        self.did("resume", service)

    def stop(self, service: str) -> None:
        """End it."""
        self.did("stop", service)
        self.services[service].end()

    def signal(self, service: str, signal: str) -> None:
        """Have the cell answer as the process that comes after, at signals that a server reloads at.

        Nobody is held here who would have to be let go.
        """
        if signal == LETS_GO:
            return
        self.did(f"signal {signal}", service)
        server = self.services[service].server
        if server is not None and signal in ("HUP", "USR1"):
            server.pid += 1

    def execute(self, service: str, *command: str) -> str:
        """Note it."""
        self.did(" ".join(command), service)
        return ""

    def enter_network(self, service: str, *command: str) -> str:
        """Note it."""
        self.did(f"network: {' '.join(command)}", service)
        return ""

    def did(self, what: str, service: str) -> None:
        """Note what was done; one that is stubborn cannot be resumed, a restless one not paused."""
        refuses = {"resume": Behaviour.STUBBORN, "pause": Behaviour.RESTLESS, "signal USR1": Behaviour.RESTLESS}
        if not self.running(service) or self.services[service].behaviour is refuses.get(what):
            raise TestbedError(f"{service}: {what}: no such container")
        self.done.append((what, service))

    def failure(self, service: str, what: str) -> TestbedError:
        """An error with its log."""
        return TestbedError(what, log=self.log(service))

    def remove(self, services: Sequence[str]) -> None:
        """End and forget these, but for those that stay."""
        for name in services:
            if name in self.services and self.services[name].behaviour is not Behaviour.STAYS:
                self.services.pop(name).end()

    def down(self) -> None:
        """All of them."""
        self.remove([*self.services])
        if self.services:
            raise TestbedError("not everything could be removed", log=[*self.services])


@dataclass
class LocalEngine:
    """An ``Engine``; remembers the testbeds that it has made. ``create`` is called as the services are made."""

    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    create: Callable[[], None] = lambda: None
    lacking: Mapping[str, str] = field(default_factory=dict)
    swept: int = 0
    beds: list[LocalTestbed] = field(default_factory=list)

    def sweep(self) -> None:
        """There is nothing to sweep."""
        self.swept += 1

    def lacks(self, needs: Needs, image: str) -> str:
        """What was said that it lacks."""
        del image
        return "; ".join(self.lacking[name] for name in needs.capabilities if name in self.lacking)

    def machine(self) -> Machine:
        """This one."""
        return Machine({"system": "none"}, {"engine": "none"})

    def files(self, images: Collection[str], worth: Collection[str], labels: Labels) -> dict[str, dict[str, str]]:
        """There are no images."""
        del images, worth, labels
        return {}

    def testbed(self, project: str, run: str, file: Path) -> LocalTestbed:
        """A new one."""
        del project, run
        self.beds.append(LocalTestbed(file, self.behaviours, self.create))
        return self.beds[-1]

    @property
    def left(self) -> list[str]:
        """What is left of all that was made."""
        return [name for bed in self.beds for name in bed.services]

    def parts(self) -> Parts:
        """What a run takes to be played on this engine."""
        return Parts(lambda: self, LocalWatching)


class LocalWatching:
    """A ``Watching`` that tells, of the broker's clients, only that they are there: what a run waits for."""

    def __init__(self, bed: Any, bus: Bus, plan: Plan, folder: Path) -> None:
        del plan, folder
        self._bed: LocalTestbed = bed
        self._bus, self.asked_to_look = bus, []  # type: tuple[Bus, list[tuple[str, int, str]]]
        self.left: list[str] = []
        self.measured: list[tuple[str, float]] = []
        self.stopped = 0

    def _connected(self, cell: str, kind: str) -> None:
        self._bus.emit(Event(kinds.parse(kind, {}), cell=cell, conn=f"127.0.0.1:{cell}"))

    def start_around_broker(self) -> None:
        """There is no broker to watch."""

    def call(self, service: str) -> bool:
        """There is nobody to call."""
        del service
        return True

    def controlled(self, service: str) -> None:
        """The controls connect at once, each act's under names of their own."""
        if self._bed.services[service].behaviour is Behaviour.WORKS:
            for name in ("control-silent", "control-beating"):
                self._connected(name + service.removeprefix("controls"), "broker.connection.created")

    def leave(self, services: Sequence[str]) -> None:
        """Remember them."""
        self.left += services

    def start_in_broker(self, deadline_s: float, stop: threading.Event) -> None:
        """The broker is there as soon as it is started, unless it is silent."""
        if self._bed.services["rabbitmq"].behaviour is Behaviour.IS_SILENT:
            stop.wait(deadline_s)
            if not stop.is_set():
                raise self._bed.failure("rabbitmq", f"RabbitMQ did not come up within {deadline_s:g} s")

    def started(self, service: str) -> None:
        """The RPC server consumes at once."""
        if service == "compute" and self._bed.services["compute"].behaviour is Behaviour.WORKS:
            self._connected("compute", "broker.consumer.created")

    def request_stacks(self, cell: str, pid: int, at: str) -> None:
        """Remember it."""
        self.asked_to_look.append((cell, pid, at))

    def measure(self, cell: str, every_s: float) -> None:
        """Remember it."""
        self.measured.append((cell, every_s))

    def collect(self) -> None:
        """There is no capture."""

    def stop(self) -> None:
        """Count it."""
        self.stopped += 1

    def close(self) -> None:
        """There is nothing that goes on."""


def no_images(cells: object) -> dict[str, Any]:
    """There are none, and none is needed."""
    del cells
    return {}
