"""Follows the log of a container."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from docker.models.containers import Container

from heartbed.observers.base import Emit, failed

STOP_DEADLINE_S = 3.0


@dataclass(frozen=True)
class LogLine:
    """One line of a container's log; ``t`` is when Docker had it, epoch seconds."""

    t: float
    text: str


class LogStream:
    """Base of the observers that read logs: one thread follows, another makes sense of it.

    ``container`` is a ``docker.models.containers.Container``. The log is read
    from its beginning, so that nothing is missed however late this starts.
    """

    def __init__(self, name: str, container: Container, emit: Emit, *, cell: str | None = None) -> None:
        self.emit, self.cell = emit, cell
        self._name, self._container = name, container
        self._lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._stream: Any = None
        self._stopping = False
        label = f"{name}-{cell}" if cell else name
        self._follower = threading.Thread(target=self._follow, name=f"{label}-follow", daemon=True)
        self._reader = threading.Thread(target=self._read, name=label, daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._follower.start()
        self._reader.start()

    def stop(self) -> None:
        """Stop following; what has been read is emitted when this returns."""
        self._stopping = True
        if self._stream is not None:
            # The stream is closed under the thread that reads it, which may show in many ways.
            with contextlib.suppress(Exception):
                self._stream.close()
        self._lines.put(None)
        for thread in (self._reader, self._follower):
            if thread.is_alive():
                thread.join(STOP_DEADLINE_S)

    def read(self, lines: queue.SimpleQueue[LogLine | None]) -> None:
        """Make events of lines until None comes; runs in a thread of its own."""
        raise NotImplementedError

    def _follow(self) -> None:
        try:
            self._stream = self._container.logs(stream=True, follow=True, timestamps=True)
            for line in split(self._stream):
                self._lines.put(line)
        except Exception as error:  # noqa: BLE001  # docker, requests, urllib3 and socket each have their own
            if not self._stopping:
                failed(self.emit, self._name, f"the log can be followed no more: {error}", cell=self.cell)
        self._lines.put(None)

    def _read(self) -> None:
        try:
            self.read(self._lines)
        except Exception as error:  # noqa: BLE001  # the run must not end because a line was not understood
            failed(self.emit, self._name, f"{type(error).__name__}: {error}", cell=self.cell)


def split(chunks: Iterable[bytes]) -> Iterator[LogLine]:
    """Lines of a Docker log with time stamps, whatever the chunks that they came in."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from map(_line, whole)
    if rest:
        yield _line(rest)


def _line(raw: bytes) -> LogLine:
    stamp, _, text = raw.decode("utf-8", "replace").rstrip("\r").partition(" ")
    return LogLine(_seconds(stamp), text)


def _seconds(stamp: str) -> float:
    """Docker's time stamp has nine decimals and a Z; Python takes six of them."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}+00:00").timestamp() + float(f"0.{fraction or 0}")
