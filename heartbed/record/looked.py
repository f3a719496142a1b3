"""The record of a look, sorted by process and connection. Pure: reads events, decides nothing."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from heartbed.record.event import Event, K, only
from heartbed.record.index import Index
from heartbed.record.kinds import (
    BrokerLog,
    LookAsked,
    LookBroker,
    LookCost,
    LookLost,
    LookProcess,
    LookSocket,
    LookTick,
    ObserverFailed,
    ProcessGone,
    ProcessStacks,
    RunEnd,
    RunStart,
)

HEARTBEAT_OCTETS = 8
"""Of a heartbeat's frame: type, channel, size, end. No other frame is shorter than 12."""


MOST_BEATS = 4
"""Of heartbeats between two looks. More octets at once may be something else, whose number is a multiple by chance."""


@dataclass(frozen=True)
class Beats:
    """Heartbeats that went one way between two looks: mostly one, the last at ``t``.

    ``after_s`` is the silence before one, and of several the mean; None where it is not known.
    """

    t: float
    after_s: float | None
    count: int = 1
    after_beat: bool = False
    """Whether what came before it was a heartbeat too."""


@dataclass
class LookedConnection:
    """All that was seen of one connection of one process."""

    conn: str
    pid: int
    events: list[Event] = field(default_factory=list)

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds, in order of time."""
        return only(self.events, *kinds)

    @cached_property
    def seen(self) -> list[Event[LookSocket]]:
        """The socket, whenever it had changed; there is one at least."""
        return self.of(LookSocket)

    @property
    def first(self) -> Event[LookSocket]:
        """When it was first seen."""
        return self.seen[0]

    @property
    def last(self) -> Event[LookSocket]:
        """As it was last."""
        return self.seen[-1]

    @cached_property
    def broker(self) -> LookBroker | None:
        """What the broker's management API says of it."""
        told = self.of(LookBroker)
        return told[-1].data if told else None

    @cached_property
    def beats(self) -> list[Beats]:
        """The client's heartbeats."""
        return list(_beats(self.seen, "written", "sent"))

    @property
    def used(self) -> bool:
        """Whether the client has sent something while it was watched."""
        return self.first.data.written != self.last.data.written

    @cached_property
    def brokers_beats(self) -> list[Beats]:
        """The broker's heartbeats."""
        return list(_beats(self.seen, "received", "heard"))

    def longest_silence_s(self, until: float) -> float | None:
        """The longest time for which the client sent nothing, as far as the look can tell."""
        sent = [each.data.sent for each in self.seen if each.data.sent is not None]
        if not sent:
            return None
        return max(later - earlier for earlier, later in zip(sent, [*sent[1:], until], strict=True))


def _beats(seen: Sequence[Event[LookSocket]], octets: str, moment: str) -> Iterable[Beats]:
    """What was sent between two looks at a socket, where that is so many octets as a few heartbeats have."""
    beat_before = False
    for before, after in itertools.pairwise(seen):
        was, now = getattr(before.data, octets), getattr(after.data, octets)
        if was is None or now is None or now == was:
            continue
        since, t = getattr(before.data, moment), getattr(after.data, moment)
        count, rest = divmod(now - was, HEARTBEAT_OCTETS)
        is_beat = not rest and 1 <= count <= MOST_BEATS
        if is_beat:
            yield Beats(t, None if since is None else (t - since) / count, count, beat_before)
        beat_before = is_beat


@dataclass
class LookHistory:
    """One look at a host."""

    start: Event[RunStart]
    end: Event[RunEnd] | None
    asked: LookAsked
    until: float
    """When all sockets were last looked at, epoch seconds."""
    index: Index
    processes: dict[int, Event[LookProcess]]
    connections: list[LookedConnection]

    def of(self, *kinds: type[K]) -> list[Event[K]]:
        """Events of these kinds, in order of time."""
        return self.index.of(*kinds)

    @cached_property
    def stacks(self) -> dict[int | None, list[Event[ProcessStacks]]]:
        """Process -> where its threads were, in order of time."""
        found: dict[int | None, list[Event[ProcessStacks]]] = defaultdict(list)
        for event in self.of(ProcessStacks):
            found[event.pid].append(event)
        return dict(found)

    @cached_property
    def ticks(self) -> list[float]:
        """When all sockets were looked at, in order."""
        return [event.t for event in self.of(LookTick)]

    @cached_property
    def lost(self) -> dict[int | None, int]:
        """Process -> how many of its TCP sockets the kernel lists no more, beside those that are told of."""
        held: Counter[int | None] = Counter()
        for each in self.connections:
            held[each.pid] += each.last.data.state == "CLOSED" and each.last.data.held
        counts = {event.pid: event.data.sockets for event in self.of(LookLost)}
        return {pid: number - held[pid] for pid, number in counts.items() if number > held[pid]}

    def tick_before(self, t: float) -> float | None:
        """When the sockets were looked at last before that; None where they were not."""
        earlier = [each for each in self.ticks if each < t]
        return earlier[-1] if earlier else None

    @cached_property
    def gone(self) -> dict[int | None, float]:
        """Processes that ended meanwhile, and when that was noticed."""
        return {event.pid: event.t for event in self.of(ProcessGone)}

    @cached_property
    def unseen(self) -> list[str]:
        """What could not be seen, in words."""
        return list(dict.fromkeys(event.data.reason for event in self.of(ObserverFailed)))

    @cached_property
    def cost(self) -> LookCost | None:
        """What the look has cost."""
        return next((event.data for event in self.of(LookCost)), None)


def is_look(events: Sequence[Event]) -> bool:
    """Whether a record is that of a look."""
    return len(events) > 1 and isinstance(events[1].data, LookAsked)


def sort_look(events: Sequence[Event]) -> LookHistory:
    """Sort the events of a look's record, of which the first is ``run.start`` and the second ``look.asked``."""
    (start,), (asked,) = only(events[:1], RunStart), only(events[1:2], LookAsked)
    index = Index(events)
    connections: dict[tuple[int, str], LookedConnection] = {}
    for event in index.of(LookSocket):
        if event.pid is not None and event.conn is not None:
            key = event.pid, event.conn
            connections.setdefault(key, LookedConnection(event.conn, event.pid)).events.append(event)
    by_conn: dict[str | None, list[LookedConnection]] = defaultdict(list)
    for each in connections.values():
        by_conn[each.conn].append(each)
    for told in (*index.of(LookBroker), *index.of(BrokerLog)):
        for each in by_conn[told.conn]:
            each.events.append(told)
    processes: dict[int, Event[LookProcess]] = {}
    for process in index.of(LookProcess):
        if process.pid is not None:
            processes[process.pid] = process
    ticks = index.of(LookTick)
    return LookHistory(
        start=start,
        end=next(iter(only(events, RunEnd)), None),
        asked=asked.data,
        until=ticks[-1].t if ticks else index.events[-1].t,
        index=index,
        processes=processes,
        connections=list(connections.values()),
    )
