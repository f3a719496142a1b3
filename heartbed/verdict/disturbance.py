"""What makes a loss nobody's own: a container that was frozen or cut off, and octets that did not arrive."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory, RunHistory
from heartbed.record.interventions import interventions
from heartbed.record.kinds import ContainerChanged, Intervention, ProcessStacks, Socket
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, unknown
from heartbed.wording import seconds

WORDS = {
    "pause": "was paused",
    "disconnect": "was taken off the network",
    "oom": "ran out of memory",
    "die": "ended",
}
UNDONE_BY = {"pause": "unpause", "disconnect": "connect"}

MEANT_S = 1.0
"""The engine's word on what a probe did may come so much before or after what the probe says of it."""

HARMLESS = 0.5
"""A process that stands still for a smaller share of the timeout loses nothing by that: RabbitMQ closes no connection
before two timeouts of silence."""

ACKNOWLEDGED_S = 0.5
"""Octets that are longer on their way are not merely unacknowledged yet: an answer is delayed by 0.2 s at most
(``tcp(7)``), and the agent looks five times a second."""


def of_cell(cell: CellHistory, since: float, until: float) -> Finding | None:
    """That the cell's container was paused, cut off or ended in between (epoch seconds), or a process of it stopped.

    Or that what its probe was to do could not be done.
    """
    refused = next((each for each in cell.interventions if each.refused), None)
    if refused is not None:
        what = f"what it was to meet could not be done ({refused.who}, {refused.what} {refused.where})"
        return unknown(Cause.NOT_DONE, f"{what}: {refused.refused}")
    meant = _meant(cell.interventions, cell.asked.service)
    changed = _first(cell.of(ContainerChanged), since, until, "its container", meant)
    return changed or _stopped(cell, since, until, meant)


def _stopped(cell: CellHistory, since: float, until: float, meant: Sequence[Span]) -> Finding | None:
    """That a process of it which holds connections was stopped by a signal: its threads can do nothing then."""
    seen = cell.work.stopped({conn.pid for conn in cell.connections if conn.pid is not None}, since, until)
    if seen is None or _is_meant(seen.t, meant):
        return None
    why = f"a process of it was stopped by a signal (SIGSTOP), not by the probe, seen {_when(seen.t, since)}"
    return unknown(Cause.DISTURBED, why, *cite(seen, "stopped, by the kernel's word"))


def of_looks(cell: CellHistory, since: float, until: float) -> Finding | None:
    """That a look at a process of it had that stand still for long: no heartbeats are sent meanwhile.

    Whoever kept everything did so all the same.
    """
    timeouts = [conn.timeout_s for conn in cell.connections if conn.timeout_s]
    most_ms = min(timeouts, default=math.inf) * HARMLESS * 1000
    for look in cell.of(ProcessStacks):
        stopped_ms = look.data.stopped_ms or 0.0
        if stopped_ms >= most_ms and since <= look.t <= until:
            why = f"a look at process {look.pid} had it stand still for {seconds(stopped_ms / 1000)}"
            return unknown(Cause.DISTURBED, f"{why}, {_when(look.t, since)}", *cite(look, why))
    return None


def during(run: RunHistory, services: Sequence[str], span: tuple[float, float] | None) -> Finding | None:
    """That the container of one of these services was."""
    if span is None:
        return None
    done = [told for _, told in interventions(run.index.events)]
    by_service: dict[str, list[Event[ContainerChanged]]] = {}
    for change in run.of(ContainerChanged):
        if change.cell is not None and change.cell in services:
            by_service.setdefault(change.cell, []).append(change)
    found = (
        _first(changes, *span, f"the container {service}", _meant(done, service))
        for service, changes in by_service.items()
    )
    return next((each for each in found if each is not None), None)


Span = tuple[float, float]


def _meant(done: Iterable[Intervention], service: str) -> list[Span]:
    """When a probe did something to a service: what the engine tells of it then was meant."""
    return [(told.begun, told.ended if told.ended is not None else math.inf) for told in done if told.where == service]


def _first(
    changes: Sequence[Event[ContainerChanged]], since: float, until: float, whose: str, meant: Sequence[Span]
) -> Finding | None:
    for number, change in enumerate(changes):
        action = change.data.action
        if action not in WORDS or change.t > until or _is_meant(change.t, meant):
            continue
        undone = UNDONE_BY.get(action)
        end = next((later.t for later in changes[number:] if undone and later.data.action == undone), None)
        if change.t < since and (action not in UNDONE_BY or (end is not None and end < since)):
            continue
        lasting = f" for {seconds(end - change.t)}" if end is not None else ""
        why = f"{whose} {WORDS[action]}{lasting}, not by the probe, {_when(change.t, since)}"
        return unknown(Cause.DISTURBED, why, *cite(change, f"the engine: {action}"))
    return None


def _is_meant(t: float, meant: Sequence[Span]) -> bool:
    return any(begun - MEANT_S <= t <= ended + MEANT_S for begun, ended in meant)


def _when(t: float, since: float) -> str:
    return f"{seconds(t - since)} after its first request" if t >= since else "before its first request"


def not_acknowledged(conn: ConnectionHistory) -> Finding | None:
    """That the client had written octets which RabbitMQ had not acknowledged when it closed."""
    closed = conn.closed
    seen = [event for event in conn.of(Socket) if closed is not None and event.t <= closed]
    waiting: list[Event[Socket]] = []
    for event in seen:
        octets = event.data.tx_octets
        # Fewer than before: some of them were acknowledged, and what is left is on its way for less long.
        stayed = waiting and octets >= waiting[-1].data.tx_octets
        waiting = [*waiting, event] if octets and stayed else [event] if octets else []
    # One look alone may have met octets on their way: they must have been seen there again.
    if closed is None or not waiting or waiting[-1].t - waiting[0].t < ACKNOWLEDGED_S:
        return None
    most = max(event.data.tx_octets for event in waiting)
    why = (
        f"the client did send: {most} octets that it had written were not acknowledged by RabbitMQ, the first since "
        f"{seconds(closed - waiting[0].t)} before the close. What is between them was interrupted, not the client"
    )
    return unknown(Cause.NETWORK, why, *cite(waiting[0], f"{waiting[0].data.tx_octets} octets not acknowledged"))
