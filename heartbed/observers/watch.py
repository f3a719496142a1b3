"""All observers of one run: started together, told who is who, stopped together."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from heartbed.errors import TestbedError
from heartbed.observers.agent import Agent, Look
from heartbed.observers.app_log import AppLog, Reader
from heartbed.observers.base import Observer, failed, pid_of
from heartbed.observers.broker_events import BrokerEvents
from heartbed.observers.broker_log import BrokerLog
from heartbed.observers.changes import Changes
from heartbed.observers.controls_log import ControlsLog
from heartbed.observers.dissection import Dissection
from heartbed.observers.wire import Capture
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import BrokerLog as BrokerWords
from heartbed.record.kinds import CellAddress, CellState, ControlCall, WireMissing
from heartbed.testbed.plan import USER, Plan
from heartbed.testbed.testbed import Testbed
from heartbed.waiting import Deadline, until

CAPTURE_FILE = "capture.pcap"
MID_IDLE = "mid-idle"
CAPTURE_DEADLINE_S = 20.0
POLL_S = 0.1
OWN_DUMP_S = 1.0
"""A process that was told when to look at itself may be late by so much."""
STOP_SHARE = 0.25
"""Of the heartbeat timeout: for so long a process may stand still for a look. That makes it late, and miss nothing."""
LOOK_AGAIN_S = 1.0
"""A process that loses several connections at a time is looked at once."""
MOST_LOSSES = 5
"""In a run that goes on for long a process may lose its connections again and again: later looks tell no more."""
CALL_SIGNAL = "USR1"
"""See ``wsgi_app/controls.py``."""
CALL_DEADLINE_S = 8.0
"""The controls give a call up after 4 s; on a busy machine their word is late."""
CONTROL, CONTROLS = "control-", "controls"


class Observation:
    """Observers of broker, wire, processes and logs: a ``Watching``. None of them talks to an application.

    ``readers`` know the lines that servers write into the logs of cells.
    """

    def __init__(self, bed: Testbed, bus: Bus, plan: Plan, folder: Path, readers: Sequence[Reader]) -> None:
        self._readers = readers
        self._bed, self._bus, self._settings = bed, bus, plan.settings
        # Under another probe a process does something else, and is not alike.
        self._make = {subject.name: f"{subject.cell.make} {subject.scenario.name}" for subject in plan.subjects}
        self._password = plan.password
        self._capture_path = folder / CAPTURE_FILE
        self._inside = partial(bed.inside, "observer")
        self._by_address: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._looked_at: dict[tuple[str, int], float] = {}
        self._losses: Counter[tuple[str, int]] = Counter()
        self._idle_from: dict[str, float] = {}
        self._logs: dict[str, AppLog | ControlsLog] = {}
        self._asked: set[str] = set()
        self._measured: set[str] = set()
        self._running: list[Observer] = []
        self._ending = threading.Event()
        self._agent: Agent | None = None
        self._capture: Capture | None = None
        self._dissection: Dissection | None = None
        bus.listen(self._on_event)

    def start_around_broker(self) -> None:
        """Start what watches the broker's container from its first second. Raises ``TestbedError``."""
        self._agent = Agent(self._inside, self._bus.emit)
        self._capture = Capture(self._inside, self._capture_path, self._bus.emit)
        log = BrokerLog(partial(self._bed.follow, "rabbitmq"), self._bus.emit, self.resolve, self._broker_again)
        for each in (Changes(self._bed.changes, self._bus.emit), self._capture, self._agent, log):
            self._begin(each)
        if not self._settings.untrusted:
            self._agent.count("rabbitmq", self._bed.address("rabbitmq").host_pid)
        self._dissection = Dissection(self._capture_path, self._inside)
        self._dissection.start()

    def _broker_again(self) -> bool:
        """Wait for the broker to run again after a probe has stopped it; false when nothing is watched any more."""
        while not self._ending.wait(POLL_S):
            if self._bed.running("rabbitmq"):
                return True
        return False

    def start_in_broker(self, deadline_s: float, stop: threading.Event) -> None:
        """Consume the broker's events; returns when they come and the wire is captured, or when ``stop`` is set.

        Raises ``TestbedError`` when the broker has not come up ``deadline_s``
        seconds from now.
        """
        url = f"amqp://{USER}:{self._password}@127.0.0.1:{self._bed.amqp_port()}//"
        events = BrokerEvents(url, self._bus.emit, self.resolve, deadline_s=deadline_s)
        self._begin(events)
        failure = partial(self._bed.failure, "rabbitmq")

        def up() -> bool:
            if not self._bed.running("rabbitmq"):
                raise failure("RabbitMQ has ended while it was starting")
            return events.ready.is_set()

        if not until(up, Deadline(deadline_s), failure, "RabbitMQ did not come up", stop, longest_s=POLL_S):
            return
        if self._capture is not None and not self._capture.ready.wait(CAPTURE_DEADLINE_S):
            reason = f"tcpdump did not listen within {CAPTURE_DEADLINE_S:.0f} s"
            self._bus.emit(Event(WireMissing(reason=reason)))

    def _begin(self, observer: Observer) -> None:
        self._running.append(observer)
        observer.start()

    def started(self, service: str) -> None:
        """Learn the address of a started container, watch its processes and follow its log.

        One that a probe has stopped and started again has new ones, and the same log.
        """
        at = self._bed.address(service)
        self._by_address[at.ip].append((time.time(), service))
        told = CellAddress(ip=at.ip, container=at.container, container_pid=at.host_pid)
        self._bus.emit(Event(told, cell=service))
        if self._agent is not None and at.host_pid and not self._settings.untrusted:
            self._agent.watch(service, at.host_pid)
        before = self._logs.get(service)
        self.leave([service])
        follow, last = partial(self._bed.follow, service), before.last if before else 0
        log = self._logs[service] = AppLog(service, follow, self._bus.emit, self._readers, last)
        self._begin(log)

    def controlled(self, service: str) -> None:
        """Learn the address of the controls, so that their connections are known by it, and follow what they say."""
        self._by_address[self._bed.address(service).ip].append((time.time(), service))
        self._logs[service] = ControlsLog(service, partial(self._bed.follow, service), self._bus.emit)
        self._begin(self._logs[service])

    def call(self, service: str) -> bool:
        """Have the controls call the RPC server; whether it has answered, which is in the record when this returns."""
        sent = time.time()
        try:
            self._bed.signal(service, CALL_SIGNAL)
        except TestbedError as error:
            failed(self._bus.emit, "controls_log", f"the controls cannot be told to call: {error.message}")
            return False
        called = self._bus.wait_for(
            lambda event: isinstance(event.data, ControlCall) and event.cell == service and event.t >= sent,
            Deadline(CALL_DEADLINE_S),
            poll=lambda: None,
        )
        return called is not None and isinstance(called.data, ControlCall) and called.data.answered

    def leave(self, services: Sequence[str]) -> None:
        """Follow the logs of these no more, which are about to go."""
        for service in services:
            if (log := self._logs.pop(service, None)) is not None:
                self._running.remove(log)
                log.stop()

    def resolve(self, address: str, name: str) -> tuple[str | None, int | None]:
        """Whose connection it is: by its address, and by its name for the controls, which share a container."""
        service = self.owner(address, time.time())
        if name.startswith(CONTROL):
            # Each act has controls of its own, which are called alike in their own container.
            return name.partition(":")[0] + (service or CONTROLS).removeprefix(CONTROLS), None
        return service, pid_of(name)

    def owner(self, address: str, t: float) -> str | None:
        """Who had an address at a time (epoch seconds): one that has gone leaves it to a later one."""
        had = self._by_address.get(address, [])
        return next((service for since, service in reversed(had) if since <= t), had[0][1] if had else None)

    def request_stacks(self, cell: str, pid: int, at: str) -> None:
        """Have a process looked at; the events follow. Only of its idle time can it have been asked beforehand."""
        self._look(cell, pid, at, OWN_DUMP_S if at == MID_IDLE else 0.0)

    def measure(self, cell: str, every_s: float) -> None:
        """Have a cell's processes measured; the events follow."""
        self._measured.add(cell)
        if self._agent is not None and not self._settings.untrusted:
            self._agent.measure(cell, every_s)

    def _look(self, cell: str, pid: int, at: str, patience_s: float) -> None:
        if self._agent is not None and self._settings.stacks and not self._settings.untrusted:
            idle_from, make = self._idle_from.get(cell), self._make.get(cell, cell)
            stop_s = self._settings.heartbeat_s * STOP_SHARE
            self._agent.look(Look(cell, pid, at, idle_from, patience_s, make, stop_s))

    def _on_event(self, event: Event) -> None:
        """Look at a process at the moment of a loss while it idles; leave a cell in peace when it is asked again."""
        if isinstance(event.data, CellState) and event.cell is not None:
            self._on_state(event.cell, event.data.state, event.t)
        lost = isinstance(event.data, BrokerWords) and event.data.reason == "missed_heartbeats"
        if not lost or event.cell is None or event.pid is None or event.cell in self._asked:
            return
        process = (event.cell, event.pid)
        if self._losses[process] < MOST_LOSSES and event.t > self._looked_at.get(process, 0.0) + LOOK_AGAIN_S:
            self._looked_at[process] = event.t
            self._losses[process] += 1
            # The process could not know of this: nothing of its own is there to wait for.
            self._look(event.cell, event.pid, "loss", 0.0)

    def _on_state(self, cell: str, state: str, t: float) -> None:
        if state == "opened":
            self._idle_from[cell] = t
            self._asked.discard(cell)
            if cell not in self._measured:
                self.measure(cell, math.inf)  # once
        elif state == "asking":
            self._asked.add(cell)
            if self._agent is not None:
                self._agent.enough(cell)

    def collect(self) -> None:
        """Put what the capture holds into the record, once nothing is watched any more."""
        if self._dissection is not None:
            for event in self._dissection.events(self.owner):
                self._bus.emit(event)

    def stop(self) -> None:
        """Stop every observer, all at a time: each waits for what it has still to tell. May be called twice.

        One that an interruption has kept from being stopped is still there to be.
        """
        self._ending.set()
        running = [*self._running]
        with ThreadPoolExecutor(max_workers=max(1, len(running))) as pool:
            list(pool.map(self._stop, running))
        if self._dissection is not None:
            self._dissection.end()

    def _stop(self, observer: Observer) -> None:
        observer.stop()
        with contextlib.suppress(ValueError):  # the log of a cell that has just gone
            self._running.remove(observer)

    def close(self) -> None:
        """Nothing more is wanted of what was observed. After ``stop``; may be called twice."""
        if self._dissection is not None:
            self._dissection.close()
