"""The record, sorted by cell and by connection. Pure: reads events, decides nothing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, cast

from heartbed.record.by_kind import ByKind
from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event, K, only
from heartbed.record.index import Index
from heartbed.record.interventions import concern, interventions
from heartbed.record.kinds import (
    AppFacts,
    AskedCell,
    CellState,
    ConnectionCreated,
    Intervention,
    Look,
    MachineWork,
    ProcessStacks,
    Request,
    RunEnd,
    RunPhase,
    RunStart,
    WireClose,
    WireFrame,
    WireOpen,
)
from heartbed.record.work import Work

L = TypeVar("L", bound=Look)
W = TypeVar("W")


@dataclass
class CellHistory:
    """All that was observed of one cell under one probe."""

    name: str
    asked: AskedCell
    probe: str = "idle"
    events: list[Event] = field(default_factory=list)
    connections: list[ConnectionHistory] = field(default_factory=list)
    interventions: list[Intervention] = field(default_factory=list)
    """What its probe did to it, and what was done meanwhile to what all cells share."""
    work: Work = field(default_factory=Work)
    """What its processes had to do."""
    rpc_timeout_s: float | None = None
    """After so long its calls give up."""

    @cached_property
    def _by_kind(self) -> ByKind:
        return ByKind(self.events)

    @cached_property
    def _worked_out(self) -> dict[Callable[[CellHistory], object], object]:
        return {}

    def once(self, work: Callable[[CellHistory], W]) -> W:
        """What ``work`` makes of this cell, worked out once: what was observed does not change any more."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        return cast("W", self._worked_out[work])

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds that are the cell's own."""
        return self._by_kind.of(*kinds)

    def requests(self, *phases: str) -> list[Event[Request]]:
        """Requests sent in these phases."""
        return [event for event in self.of(Request) if event.data.phase in phases]

    def looks(self, kind: type[L], pid: int | None) -> list[Event[L]]:
        """What was seen of one process: ``ProcessStacks`` or ``ProcessGreenlets`` that could be had."""
        return [e for e in self.of(kind) if e.pid == pid and e.data.error is None]

    def used_last(self, conn: ConnectionHistory) -> float:
        """When a connection's process last answered what needs RabbitMQ, before its end: until then it was in use."""
        until = conn.closed if conn.closed is not None else math.inf
        until = until if self.idle_from is None else min(until, self.idle_from)
        used = [e.t + e.data.ms / 1000 for e in self.of(Request) if e.pid in conn.holders and e.data.needs_rabbitmq]
        return max((t for t in used if t <= until), default=-math.inf)

    def used_again(self, conn: ConnectionHistory) -> float:
        """When a connection's process was first used again after its end: what is seen later says nothing of it.

        A request that was not answered may have reached it. Infinite when it never was.
        """
        since = conn.closed if conn.closed is not None else math.inf
        used = [
            e.t for e in self.of(Request) if e.t > since and e.pid in (*conn.holders, None) and e.data.needs_rabbitmq
        ]
        used += [other.opened for other in self.connections if other.pid in conn.holders and other.opened > since]
        return min([*used, math.inf if self.asked_again is None else self.asked_again])

    def looks_at(self, kind: type[L], conn: ConnectionHistory) -> list[Event[L]]:
        """What was seen of a connection's process while it can tell of that connection, in order of time."""
        since, until = max(self.used_last(conn), conn.opened), self.used_again(conn)
        looks = [look for pid in conn.holders for look in self.looks(kind, pid)]
        return sorted((e for e in looks if since <= e.t and _seen(e) <= until), key=lambda look: look.t)

    @cached_property
    def given_up(self) -> list[ConnectionHistory]:
        """Connections that the client itself ended before the cell began to idle: none that could be kept or lost."""
        idle_from = self.idle_from
        ended = [c for c in self.connections if c.closed_by == "client" and c.close_reason != "missed_heartbeats"]
        return [c for c in ended if idle_from is not None and c.closed is not None and c.closed <= idle_from]

    @cached_property
    def idled(self) -> list[ConnectionHistory]:
        """Connections that there were when the cell began to idle, or had been: whose fate is to be told."""
        before = [c for c in self.connections if self.idle_from is not None and c.opened <= self.idle_from]
        return [c for c in before if c not in self.given_up]

    @cached_property
    def said(self) -> AppFacts:
        """What the application said it is, at its fullest where it was asked more than once; empty when it was not."""
        told = [event.data for event in self.of(AppFacts)]
        return max(told, key=lambda facts: len(facts.given()), default=AppFacts())

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The same as plain data, with all that it said."""
        return self.said.given()

    @cached_property
    def libraries(self) -> dict[str, str]:
        """Package -> version, as the application said it; ``17.3.0@1a2b3c4`` where it is the user's own.

        Such a library is built as the last release before its commit, which it is not.
        """
        own = self.asked.patched
        return {
            name: f"{version}@{own[name]}" if name in own else version for name, version in self.said.versions.items()
        }

    @cached_property
    def left_out(self) -> str:
        """Why the others were played without it; empty where they were not."""
        return next((event.data.reason for event in self.of(CellState) if event.data.state == "left_out"), "")

    @cached_property
    def idle_from(self) -> float | None:
        """When the last request before the idle period, which is one that needs RabbitMQ, had been answered."""
        asked = [event for event in self.requests("open", "before") if event.data.needs_rabbitmq]
        ends = [event.t + event.data.ms / 1000 for event in asked]
        return max(ends, default=None)

    @cached_property
    def asked_again(self) -> float | None:
        """When the first request after the idle period was sent."""
        return min((event.t for event in self.requests("after")), default=None)


def _seen(look: Event[L]) -> float:
    """When a look was over. A dump has its own time; stacks have that of their beginning."""
    took_s = (look.data.took_ms or 0.0) / 1000 if isinstance(look.data, ProcessStacks) else 0.0
    return look.t + took_s


def in_act(name: str, act: int) -> str:
    """What something is called that every act has one of: as in the first act, with the act's number in the others."""
    return name if act == 1 else f"{name}.{act}"


@dataclass
class RunHistory:
    """One run, or one act of it: its first event, its cells, and what belongs to no cell."""

    start: Event[RunStart]
    end: Event[RunEnd] | None
    last_t: float
    index: Index
    cells: list[CellHistory]
    others: dict[str, list[ConnectionHistory]]
    natives: list[CellHistory] = field(default_factory=list)
    """The controls that run outside every server, each under one of the probes."""

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds, in order of time."""
        return self.index.of(*kinds)

    @cached_property
    def acts(self) -> list[RunHistory]:
        """The run act by act, each as a run of its own in which its controls have their usual names."""
        numbers = sorted({cell.asked.act for cell in self.cells})
        return [self._act(number) for number in numbers] if len(numbers) > 1 else [self]

    def _act(self, number: int) -> RunHistory:
        elsewhere = {id(phase) for phase in self.of(RunPhase) if phase.data.act not in (None, number)}
        index = Index(event for event in self.index.events if id(event) not in elsewhere)
        began = min((phase.t for phase in self.of(RunPhase) if phase.data.act == number), default=self.start.t)
        own = {name: in_act(name, number) for name in self.others}
        # What lives through all acts, such as the RPC server, is judged in each by what it had then.
        others = {
            name: self.others[own[name]] if own[name] in self.others else _since(began, connections)
            for name, connections in self.others.items()
        }
        cells = [cell for cell in self.cells if cell.asked.act == number]
        natives = [cell for cell in self.natives if cell.asked.act == number]
        return replace(self, index=index, cells=cells, others=others, natives=natives)


def _since(t: float, connections: Sequence[ConnectionHistory]) -> list[ConnectionHistory]:
    return [each for each in connections if each.closed is None or each.closed >= t]


def sort(events: Iterable[Event]) -> RunHistory:
    """Sort the events of a record, of which the first is ``run.start``."""
    given = list(events)
    (start,) = only(given[:1], RunStart)
    index = Index(given)
    capture_end = max((event.t for event in index.of(WireOpen, WireFrame, WireClose)), default=-math.inf)
    connections: dict[str, list[ConnectionHistory]] = defaultdict(list)
    for conn, own in ((conn, life) for conn, found in index.by_address.items() for life in found):
        # The broker's own event knows the client's name; what is known by the address alone may be another's.
        by_certainty = sorted(own, key=lambda event: not isinstance(event.data, ConnectionCreated))
        owner = next((event.cell for event in by_certainty if event.cell is not None), None)
        if owner is not None:
            connections[owner].append(ConnectionHistory(conn, owner, own, capture_end))
    for each in connections.values():
        each.sort(key=lambda connection: connection.opened)
    done = interventions(index.events)
    worked = index.of(MachineWork)
    cells = [
        CellHistory(
            name=asked.name,
            asked=asked,
            probe=asked.probe or start.data.probe,
            events=index.by_cell.get(asked.service, []),
            connections=connections.pop(asked.service, []),
            interventions=concern(asked.service, asked.act, done),
            work=Work(asked.service, worked),
            rpc_timeout_s=start.data.rpc_timeout_s,
        )
        for asked in start.data.cells
    ]
    end = next(iter(only(given, RunEnd)), None)
    played = [cell for cell in cells if not cell.asked.control]
    natives = [cell for cell in cells if cell.asked.control]
    return RunHistory(start, end, index.events[-1].t, index, played, others=dict(connections), natives=natives)
