"""The parts of a run: brought up in order, played, and taken down in any state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from heartbed import probes, servers
from heartbed.cells.subject import Scenario
from heartbed.errors import TestbedError
from heartbed.observers.base import Watching
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.history import in_act
from heartbed.record.kinds import ConnectionCreated, ConsumerCreated, RunPhase
from heartbed.stage.act import Act
from heartbed.stage.part import Part
from heartbed.stage.stage import Stage
from heartbed.stage.work import each
from heartbed.testbed.engine import engine_errors
from heartbed.testbed.plan import Plan
from heartbed.testbed.testbed import LETS_GO, Testbed
from heartbed.waiting import Deadline

BROKER_DEADLINE_S = 90.0
READY_DEADLINE_S = 60.0

COMES_FIRST = ("observer", "rabbitmq")


class Play:
    """One run that is going on. ``close`` may be called at any time."""

    def __init__(
        self, bed: Testbed, bus: Bus, plan: Plan, watching: Watching, optional: frozenset[str] = frozenset()
    ) -> None:
        self.bed, self.bus, self.plan, self.watching = bed, bus, plan, watching
        self.optional, self.stop = optional, threading.Event()
        self.acts = [self._act(number) for number in plan.acts]

    def _act(self, number: int) -> Act:
        ahead = partial(self._start_next, number)
        return Act(number, self._parts(number), self.bus, ahead, self._remove)

    def _caller(self, act: int) -> Callable[[], bool]:
        """Has the controls of an act call the RPC server."""
        return lambda: self.watching.call(in_act("controls", act))

    def _start_next(self, number: int) -> None:
        """Start the cells of the next act while those of this one idle: none connects before it is opened.

        Where an application may connect at once, they wait for their own act, when the broker is well again.
        """
        following = next((act for act in self.acts if act.number > number), None)
        if following and not any(opened.cell.wants_broker for _, opened in following.cells):
            following.start()

    def _parts(self, act: int) -> list[Part]:
        """The probes of an act, each with its cells."""
        scenarios = dict.fromkeys(subject.scenario for subject in self.plan.subjects if subject.act == act)
        return [self._part(scenario, act) for scenario in scenarios]

    def _part(self, scenario: Scenario, act: int) -> Part:
        probe = probes.played(scenario)
        stage = Stage(
            bed=self.bed,
            subjects=[s for s in self.plan.subjects if (s.scenario, s.act) == (scenario, act)],
            settings=self.plan.settings,
            bus=self.bus,
            stop=self.stop,
            started=self.watching.started,
            request_stacks=self.watching.request_stacks,
            measure=self.watching.measure,
            call=self._caller(act),
            optional=self.optional,
            probe=scenario.name,
            act=act,
            parameters=probe.values(dict(scenario.parameters)),
            looks=probe.looks,
            reload=servers.reload,
        )
        return Part(probe, stage)

    def all(self) -> None:
        """Everything, in order. Raises ``TestbedError`` when a part does not come up, or does not stay."""
        with engine_errors():
            self.bus.emit(Event(RunPhase(phase="starting")))
            # The observer first: the broker lives in its network.
            self.bed.create(COMES_FIRST)
            with ThreadPoolExecutor(max_workers=1) as pool:
                # Everything waits for the broker: the others are made while it is started.
                others = pool.submit(self.bed.create)
                for service in COMES_FIRST:
                    self.bed.start(service)
                others.result()
            self.bed.on_end("rabbitmq", self._broker_ended)
            self.watching.start_around_broker()
            for act in self.acts:
                self._start(act)
                act.play()
                act.undo()
                if not self.bed.running("rabbitmq"):
                    raise self.bed.failure("rabbitmq", "RabbitMQ has ended during the run")
                if act is not self.acts[-1]:
                    self._end(act)
            self.bus.emit(Event(RunPhase(phase="dissecting")))
            self.watching.stop()
            with ThreadPoolExecutor(max_workers=1) as pool:
                # All but the broker have said what they had to say: they go while the capture is dissected.
                going = pool.submit(self.bed.remove, [*self._of(self.acts[-1]), "compute"])
                self.watching.collect()
                going.result()

    def _start(self, act: Act) -> None:
        """Cells and controls of an act; with the first comes the broker."""
        if act is self.acts[0]:
            self._start_first(act)
            return
        act.start()
        self._hold(in_act("controls", act.number))
        self._let_controls_go(act.number)

    def _end(self, act: Act) -> None:
        """Make room for the next act: what is removed is gone before it begins, whose answers would wait for that."""
        self._remove(self._of(act))

    @staticmethod
    def _of(act: Act) -> list[str]:
        """The services of an act that are in no other."""
        return [*act.services, in_act("controls", act.number)]

    def _remove(self, names: Sequence[str]) -> None:
        self.watching.leave(names)
        self.bed.remove(names)

    def _broker_ended(self) -> None:
        """Without a broker there is nothing to wait for, unless a probe has stopped it."""
        touched = any(act.touches("rabbitmq") for act in self.acts)
        if not self.stop.is_set() and not touched and not self.bed.running("rabbitmq"):
            self.bus.fail(self.bed.failure("rabbitmq", "RabbitMQ has ended during the run"))

    def _start_first(self, act: Act) -> None:
        """The broker boots while the cells import their applications, unless one of those may connect at once.

        All wait for the broker: what it takes to have it is started before the cells, which would be in its way.
        """
        each(self.bus, ("compute", in_act("controls", act.number)), self._hold, workers=2)
        with act.sparing():
            if not any(opened.cell.wants_broker for _, opened in act.cells):
                act.start()
            self._await_broker(act)
        act.start()

    def _await_broker(self, act: Act) -> None:
        """Wait for the broker; then nothing that its clients do escapes, and the RPC server and controls may come."""
        self.watching.start_in_broker(BROKER_DEADLINE_S, self.stop)
        self._let_go("compute", "no consumer", lambda e: isinstance(e.data, ConsumerCreated) and e.cell == "compute")
        self._let_controls_go(act.number)

    def _hold(self, service: str) -> None:
        """Start a service that connects no sooner than it is let go."""
        self.bed.start(service)
        (self.watching.started if service == "compute" else self.watching.controlled)(service)

    def _let_controls_go(self, act: int) -> None:
        for control in ("control-silent", "control-beating"):
            self._let_go(in_act("controls", act), f"{control} does not connect", _connection_of(in_act(control, act)))

    def _let_go(self, service: str, wrong: str, wanted: Callable[[Event], bool]) -> None:
        """Let a service connect, and wait until it is seen to. It may have to be told again: it has only just begun."""
        deadline = Deadline(READY_DEADLINE_S)

        def tell() -> None:
            if self.stop.is_set():
                raise TestbedError(f"{service} is waited for no more: the run ends")
            if not self.bed.running(service):
                raise self.bed.failure(service, f"{service} has ended")
            self.bed.signal(service, LETS_GO)

        tell()
        if self.bus.wait_for(wanted, deadline, poll=tell) is None:
            raise self.bed.failure(service, f"{service}: {wrong} {deadline.words}")

    def close(self) -> None:
        """Stop what runs and remove what was made. Raises ``TestbedError`` when something could not be removed."""
        self.stop.set()
        try:
            for act in reversed(self.acts):
                act.undo()
        finally:
            try:
                self.watching.stop()
            finally:
                self.watching.close()
                self.bed.down()
                # What is being started ends with its container; nothing is told after the end of the record.
                for act in self.acts:
                    act.close()


def _connection_of(cell: str) -> Callable[[Event], bool]:
    return lambda event: isinstance(event.data, ConnectionCreated) and event.cell == cell
