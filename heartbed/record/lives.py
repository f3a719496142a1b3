"""Connections that had the same address one after another: an address is given again, in a later act above all."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.record.event import Event
from heartbed.record.kinds import ConnectionClosed, ConnectionCreated, WireClose, WireOpen

ENDS = (WireClose, ConnectionClosed)


def lives(events: Iterable[Event]) -> list[list[Event]]:
    """The events of one client's address, in order of time, apart by connection.

    A connection begins with its SYN, or with the broker's word where that is not in the capture. What the broker says
    of the end of an earlier one, however late, goes to that one: it names its own process that served it.
    """
    found: list[list[Event]] = []
    for event in events:
        if not found or _begins(event, found[-1]):
            found.append([])
        _belonging(event, found).append(event)
    return found


def _begins(event: Event, before: list[Event]) -> bool:
    """Whether it begins another connection than the one of which ``before`` tells."""
    if isinstance(event.data, WireOpen):
        return any(isinstance(each.data, (WireOpen, *ENDS)) for each in before)
    return isinstance(event.data, ConnectionCreated) and any(isinstance(e.data, ConnectionCreated) for e in before)


def _belonging(event: Event, found: list[list[Event]]) -> list[Event]:
    """The connection that an event is about."""
    if isinstance(event.data, ConnectionClosed):
        for life in found[:-1]:
            opened = next((each.data for each in life if isinstance(each.data, ConnectionCreated)), None)
            if opened is not None and opened.broker_pid == event.data.broker_pid:
                return life
    return found[-1]
