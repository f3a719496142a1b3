"""What all observers have in common."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from heartbed.record.event import Event
from heartbed.record.kinds import ObserverFailed

Emit = Callable[[Event], None]
"""Takes an event; is called from the observers' threads."""

Resolve = Callable[[str, str], tuple[str | None, int | None]]
"""Tells whose connection it is: (client's address, client-provided name) -> (cell, pid)."""

Owner = Callable[[str, float], str | None]
"""Tells which cell had an address at a time (epoch seconds): it may be given again to another."""

Inside = Callable[..., list[str]]
"""The command of this machine that runs a command, given word by word, in the observer's container."""

NAME = re.compile(r".*:(\d+):[0-9a-f-]{36}")


class Watching(Protocol):
    """All that watches over one run."""

    def start_around_broker(self) -> None:
        """Start what watches the broker from its first second. Raises ``TestbedError``."""

    def start_in_broker(self, deadline_s: float, stop: threading.Event) -> None:
        """Return when nothing that the broker's clients do escapes any more, or when ``stop`` is set.

        Raises ``TestbedError`` when the broker has not come up within ``deadline_s`` seconds.
        """

    def started(self, service: str) -> None:
        """Watch a service from now on."""

    def controlled(self, service: str) -> None:
        """Know the controls of an act, which have been started, by their address, and hear what they say."""

    def call(self, service: str) -> bool:
        """Have the controls call the RPC server; whether it has answered, once they have told of that."""

    def leave(self, services: Sequence[str]) -> None:
        """Watch these no more, which are about to go."""

    def request_stacks(self, cell: str, pid: int, at: str) -> None:
        """Have a process looked at; the events follow."""

    def measure(self, cell: str, every_s: float) -> None:
        """Have what a cell's processes hold measured every so many seconds from now on; the events follow."""

    def collect(self) -> None:
        """Put into the record what could not be told before, once nothing is watched any more."""

    def stop(self) -> None:
        """Watch no more. May be called twice."""

    def close(self) -> None:
        """Nothing more is wanted of what was observed. After ``stop``; may be called twice."""


class Observer(Protocol):
    """Something that watches over a whole run."""

    def start(self) -> None:
        """Begin to watch, and return at once."""

    def stop(self) -> None:
        """Stop watching; what was seen until now has been emitted when this returns."""


def failed(emit: Emit, observer: str, reason: str, *, cell: str | None = None) -> None:
    """Tell that an observer cannot see, and why."""
    emit(Event(ObserverFailed(observer=observer, reason=reason), cell=cell))


def pid_of(user_provided_name: str) -> int | None:
    """The process in a connection name that oslo.messaging chose, ``<argv0>:<pid>:<uuid>``."""
    match = NAME.fullmatch(user_provided_name)
    return int(match[1]) if match else None


def resolver(cells: Callable[[str], str | None]) -> Resolve:
    """A ``Resolve`` that finds the cell by ``cells(address)`` and the process by the connection's name."""

    def resolve(address: str, name: str) -> tuple[str | None, int | None]:
        return cells(address), pid_of(name)

    return resolve
