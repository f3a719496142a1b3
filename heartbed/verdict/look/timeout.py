"""The heartbeat timeout of a connection, as far as a look can know it, and by what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

from heartbed.record.looked import Beats, LookedConnection, LookHistory
from heartbed.verdict.look.values import Timeout
from heartbed.wording import seconds

JITTER = 0.15
"""Share by which a heartbeat may come late: RabbitMQ's are sent by its own timer, every half timeout."""


class Timeouts:
    """Of all connections of a look: those of one process, or of one server, to the same broker tell of one another.

    They read the same configuration, and what is negotiated follows from that and from the broker's.
    """

    def __init__(self, look: LookHistory) -> None:
        self._look = look
        self._seen = {id(each): _of_beats(each) for each in look.connections}
        by_process: dict[tuple[int, str], list[Timeout]] = defaultdict(list)
        by_group: dict[tuple[str, str], list[Timeout]] = defaultdict(list)
        for each in look.connections:
            if (timeout := self._seen[id(each)]) is not None:
                by_process[each.pid, each.last.data.remote].append(timeout)
                by_group[self._group(each), each.last.data.remote].append(timeout)
        self._of_process = {key: _best(each) for key, each in by_process.items()}
        self._of_group = {key: _best(each) for key, each in by_group.items() if key[0]}

    def of(self, connection: LookedConnection) -> Timeout | None:
        """What is certain first: the broker's word, what the user named, what was seen; None where nothing tells."""
        if connection.broker is not None and connection.broker.timeout_s is not None:
            return _exactly(connection.broker.timeout_s, "as the broker says")
        if self._look.asked.heartbeat_s is not None:
            return _exactly(self._look.asked.heartbeat_s, "as --heartbeat names it")
        asked = self._asked(connection)
        if asked is not None and asked.off:
            return asked
        seen = self._seen[id(connection)] or self._of_neighbours(connection)
        if seen is None or asked is None:
            return seen or asked
        if seen.least_s <= asked.most_s <= seen.most_s:
            return _exactly(asked.most_s, "as the process's environment asks for, and the broker's heartbeats agree")
        return seen

    def _asked(self, connection: LookedConnection) -> Timeout | None:
        process = self._look.processes.get(connection.pid)
        if process is None or process.data.asked_s is None:
            return None
        said = "as the process's environment asks for; the broker may have lowered it"
        return _exactly(process.data.asked_s, said)

    def _of_neighbours(self, connection: LookedConnection) -> Timeout | None:
        remote = connection.last.data.remote
        own = self._of_process.get((connection.pid, remote)), "on another connection of the process"
        siblings = self._of_group.get((self._group(connection), remote)), "on one of the same server"
        for timeout, said in (own, siblings):
            if timeout is not None:
                return timeout.model_copy(update={"source": f"{timeout.source}, {said}"})
        return None

    def _group(self, connection: LookedConnection) -> str:
        process = self._look.processes.get(connection.pid)
        return process.data.group if process else ""


def _exactly(value: float, source: str) -> Timeout:
    return Timeout(least_s=value, most_s=value, source=source)


def _of_beats(connection: LookedConnection) -> Timeout | None:
    """By the broker's heartbeats, which follow one another after half a timeout where it sends nothing else.

    The first one after something else comes after half a timeout to a whole one.
    """
    beats = [beat for beat in connection.brokers_beats if beat.after_s is not None and beat.count == 1]
    halves = _agreeing([beat for beat in beats if beat.after_beat])
    if halves:
        whole = round(2 * median(halves)) or 1
        return _exactly(float(whole), f"by the broker's heartbeats, {seconds(whole / 2)} apart")
    if beats and beats[0].after_s:
        after = beats[0].after_s
        said = f"by one heartbeat of the broker's, {seconds(after)} after what it sent before"
        return Timeout(least_s=after * (1 - JITTER), most_s=2 * after * (1 + JITTER), source=said)
    return None


def _agreeing(beats: Iterable[Beats]) -> list[float]:
    """The silences before these heartbeats, where all are about the same."""
    found = [beat.after_s for beat in beats if beat.after_s]
    return found if found and max(found) <= min(found) * (1 + 2 * JITTER) + 0.1 else []


def _best(timeouts: Sequence[Timeout]) -> Timeout | None:
    """The narrowest, where they do not contradict one another."""
    if max(each.least_s for each in timeouts) > min(each.most_s for each in timeouts):
        return None
    return min(timeouts, key=lambda each: each.most_s - each.least_s)
