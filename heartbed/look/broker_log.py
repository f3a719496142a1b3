"""The broker's log, where it lies on this host: RabbitMQ tells there why it has closed a connection."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from heartbed.files import open_now
from heartbed.observers.broker_log import Entries, to_event
from heartbed.observers.log_stream import LogLine
from heartbed.record.event import Event
from heartbed.record.kinds import OTHER, BrokerLog

NEWEST_OCTETS = 1024 * 1024
"""Of a log, that are read."""


def closes(files: Collection[str], conns: Collection[str], since: float) -> Iterator[Event[BrokerLog]]:
    """What the files tell of closes of these connections since a moment (epoch seconds); others are left alone.

    A file that is not here, or may not be read, tells nothing: the broker may run elsewhere.
    """
    for name in files:
        with contextlib.suppress(OSError, ValueError):
            for event in _events(Path(name)):
                if event.conn in conns and event.t >= since and event.data.reason != OTHER:
                    yield event


def _events(path: Path) -> Iterator[Event[BrokerLog]]:
    entries = Entries()
    for line in _newest(path).decode("utf-8", "replace").splitlines():
        for entry in entries.add(LogLine(0.0, line)):
            yield to_event(entry, lambda _host, _name: (None, None))
    for entry in entries.finish():
        yield to_event(entry, lambda _host, _name: (None, None))


def _newest(path: Path) -> bytes:
    with open_now(path) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - NEWEST_OCTETS))
        return file.read(NEWEST_OCTETS)
