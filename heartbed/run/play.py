"""The parts of a run: brought up in order, played, and taken down in any state."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from heartbed import probes
from heartbed.errors import TestbedError
from heartbed.observers.base import Watching
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import ConnectionCreated, ConsumerCreated, RunPhase
from heartbed.stage.stage import Stage
from heartbed.testbed.engine import engine_errors
from heartbed.testbed.plan import Plan
from heartbed.testbed.testbed import Testbed

BROKER_DEADLINE_S = 90.0
READY_DEADLINE_S = 60.0


class Play:
    """One run that is going on. ``close`` may be called at any time."""

    def __init__(
        self, bed: Testbed, bus: Bus, plan: Plan, watching: Watching, optional: frozenset[str] = frozenset()
    ) -> None:
        self.bed, self.bus, self.plan, self.watching = bed, bus, plan, watching
        self.stop = threading.Event()
        self.stage = Stage(
            bed=bed,
            cells=plan.cells,
            settings=plan.settings,
            bus=bus,
            stop=self.stop,
            started=self.watching.started,
            request_stacks=self.watching.request_stacks,
            optional=optional,
        )

    def all(self) -> None:
        """Everything, in order. Raises ``TestbedError`` when a part does not come up, or does not stay."""
        with engine_errors():
            self.bus.emit(Event(RunPhase(phase="starting")))
            self.bed.create()
            self.bed.start("rabbitmq")
            self.bed.on_end("rabbitmq", self._broker_ended)
            self._start_observer()
            self.watching.start_around_broker()
            self._start_broker_and_cells()
            self._start_controls()
            probes.named(self.plan.settings.probe).play(self.stage)
            if not self.bed.running("rabbitmq"):
                raise self.bed.failure("rabbitmq", "RabbitMQ has ended during the run")
            self.bus.emit(Event(RunPhase(phase="dissecting")))
            self.watching.stop()
            with ThreadPoolExecutor(max_workers=1) as pool:
                # The cells have said all they had to say: they go while the capture is dissected.
                going = pool.submit(self.bed.remove, [cell.name for cell in self.plan.cells])
                self.watching.collect()
                going.result()

    def _broker_ended(self) -> None:
        """Without a broker there is nothing to wait for."""
        if not self.stop.is_set():
            self.bus.fail(self.bed.failure("rabbitmq", "RabbitMQ has ended during the run"))

    def _start_observer(self) -> None:
        """The observer lives in the broker's network, which is there only while the broker is."""
        try:
            self.bed.start("observer")
        except TestbedError:
            if not self.bed.running("rabbitmq"):
                raise self.bed.failure("rabbitmq", "RabbitMQ has ended as soon as it was started") from None
            raise

    def _start_broker_and_cells(self) -> None:
        """The broker boots while the cells import their applications, unless one of those may connect at once."""
        if any(cell.wants_broker for cell in self.plan.cells):
            self._broker()
            self._await_compute()
            self.stage.start_all()
            return
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="broker") as pool:
            broker = pool.submit(self._broker)
            try:
                self.stage.start_all()
                broker.result()
            except BaseException:
                self.stop.set()  # else the pool waits for the broker
                raise

    def _broker(self) -> None:
        """Wait for the broker; then nothing that its clients do escapes, and the RPC server may come."""
        try:
            with engine_errors():
                self.watching.start_in_broker(BROKER_DEADLINE_S, self.stop)
                if not self.stop.is_set():
                    self.bed.start("compute")
                    self.watching.started("compute")
        except TestbedError as error:
            self.bus.fail(error)

    def _await_compute(self) -> None:
        self._wait("compute", "no consumer", lambda e: isinstance(e.data, ConsumerCreated) and e.cell == "compute")

    def _start_controls(self) -> None:
        self._await_compute()
        self.bed.start("controls")
        for name in ("control-silent", "control-beating"):
            self._wait("controls", f"{name} does not connect", _connection_of(name))

    def _wait(self, service: str, wrong: str, wanted: Callable[[Event], bool]) -> None:
        deadline = time.monotonic() + READY_DEADLINE_S

        def poll() -> None:
            if not self.bed.running(service):
                raise self.bed.failure(service, f"{service} has ended")

        if self.bus.wait_for(wanted, deadline, poll=poll) is None:
            raise self.bed.failure(service, f"{service}: {wrong} within {READY_DEADLINE_S:.0f} s")

    def close(self) -> None:
        """Stop what runs and remove what was made. Raises ``TestbedError`` when something could not be removed."""
        self.stage.close()
        try:
            self.watching.stop()
        finally:
            self.bed.down()


def _connection_of(cell: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event.data, ConnectionCreated) and event.cell == cell
