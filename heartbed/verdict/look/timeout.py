"""The heartbeat timeout of a connection, as far as a look can know it, and by what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from heartbed.record.looked import Beats, LookedConnection, LookHistory
from heartbed.verdict.look.values import Timeout
from heartbed.wording import seconds

JITTER = 0.15
"""Share by which a heartbeat may come late: RabbitMQ's are sent by its own timer, every half timeout."""


def timeout_of(connection: LookedConnection, look: LookHistory) -> Timeout | None:
    """What is certain first: the broker's word, what the user named, then what was seen; None where nothing tells."""
    if connection.broker is not None and connection.broker.timeout_s is not None:
        return _exactly(connection.broker.timeout_s, "as the broker says")
    if look.asked.heartbeat_s is not None:
        return _exactly(look.asked.heartbeat_s, "as --heartbeat names it")
    asked = _asked(connection, look)
    if asked is not None and asked.off:
        return asked
    seen = _of_beats(connection) or _of_neighbours(connection, look)
    if seen is None or asked is None:
        return seen or asked
    agrees = seen.least_s <= asked.most_s <= seen.most_s
    return (
        _exactly(asked.most_s, "as the process's environment asks for, and the broker's heartbeats agree")
        if agrees
        else seen
    )


def _exactly(value: float, source: str) -> Timeout:
    return Timeout(least_s=value, most_s=value, source=source)


def _asked(connection: LookedConnection, look: LookHistory) -> Timeout | None:
    process = look.processes.get(connection.pid)
    if process is None or process.data.asked_s is None:
        return None
    return _exactly(process.data.asked_s, "as the process's environment asks for; the broker may have lowered it")


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


def _of_neighbours(connection: LookedConnection, look: LookHistory) -> Timeout | None:
    """By another connection of the same process to the same broker, else of a process of the same server.

    They read the same configuration, and what is negotiated follows from that and from the broker's.
    """
    others = [each for each in look.connections if each is not connection and _alike(each, connection)]
    own = [each for each in others if each.pid == connection.pid]
    group = _group(connection, look)
    siblings = [each for each in others if group and _group(each, look) == group and each.pid != connection.pid]
    for alike, said in ((own, "on another connection of the process"), (siblings, "on one of the same server")):
        if (found := _best(alike)) is not None:
            return found.model_copy(update={"source": f"{found.source}, {said}"})
    return None


def _alike(one: LookedConnection, other: LookedConnection) -> bool:
    return one.last.data.remote == other.last.data.remote


def _group(connection: LookedConnection, look: LookHistory) -> str:
    process = look.processes.get(connection.pid)
    return process.data.group if process else ""


def _best(connections: Sequence[LookedConnection]) -> Timeout | None:
    """The narrowest, where those that tell do not contradict one another."""
    found = [told for each in connections if (told := _of_beats(each)) is not None]
    if not found or max(each.least_s for each in found) > min(each.most_s for each in found):
        return None
    return min(found, key=lambda each: each.most_s - each.least_s)
