"""Follows the log of a service: one loop for every log, whatever its entries are."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from heartbed.observers.base import Emit, failed
from heartbed.testbed.testbed import LogFeed

STOP_DEADLINE_S = 3.0

TOGETHER_S = 0.1
"""An entry is over when nothing has followed it for so long."""

E = TypeVar("E")
E_co = TypeVar("E_co", covariant=True)


@dataclass(frozen=True)
class LogLine:
    """One line of a container's log; ``t`` is when Docker had it, epoch seconds, and ``t_ns`` the same in nanoseconds.

    Of seconds since the epoch a float tells a quarter of a microsecond: in it lines that differ may be alike.
    """

    t: float
    text: str
    t_ns: int = 0


class Entries(Protocol[E_co]):
    """Puts lines together to entries."""

    @property
    def open(self) -> bool:
        """Whether an entry has begun that may go on."""

    def add(self, line: LogLine) -> Iterable[E_co]:
        """Take a line; the entries that are over by it."""

    def finish(self) -> Iterable[E_co]:
        """The entries that were open, now over."""


class LogStream(Generic[E]):
    """Base of the observers that read logs: one thread follows, another makes sense of it.

    ``follow`` opens the log, from its beginning, so that nothing is missed however late this starts. ``again`` waits
    for a service that has ended to run once more, and says whether it does. ``last`` is the time of the newest line
    that was read, nanoseconds; where the log is opened once more, what is not later is passed over.
    """

    def __init__(  # noqa: PLR0913  whose log, where, how it is read, and who is told
        self,
        name: str,
        follow: Callable[[], LogFeed],
        emit: Emit,
        entries: Entries[E],
        *,
        cell: str | None = None,
        again: Callable[[], bool] = lambda: False,
        last: int = 0,
    ) -> None:
        self.last = last
        self.emit, self.cell = emit, cell
        self._name, self._open, self._entries = name, follow, entries
        self._lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
        self._stream: LogFeed | None = None
        self._stopping = False
        self._again = again
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

    def tell(self, entry: E) -> None:
        """Emit what an entry means, if anything."""
        raise NotImplementedError

    def read(self, lines: queue.SimpleQueue[LogLine | None]) -> None:
        """Tell of entries until None comes; runs in a thread of its own."""
        for line in _until_none(lines, lambda: TOGETHER_S if self._entries.open else None):
            for entry in self._entries.finish() if line is None else self._entries.add(line):
                self.tell(entry)

    def _follow(self) -> None:
        try:
            # A service that is stopped and started again goes on with the same log: what was read is passed over.
            while not self._stopping:
                self._stream, before = self._open(), self.last
                for line in split(self._stream):
                    if line.t_ns > before:
                        self.last = max(self.last, line.t_ns)
                        self._lines.put(line)
                if not self._again():
                    break
        except Exception as error:  # noqa: BLE001  # docker, requests, urllib3 and socket each have their own
            if not self._stopping:
                failed(self.emit, self._name, f"the log can be followed no more: {error}", cell=self.cell)
        self._lines.put(None)

    def _read(self) -> None:
        try:
            self.read(self._lines)
        except Exception as error:  # noqa: BLE001  # the run must not end because a line was not understood
            failed(self.emit, self._name, f"{type(error).__name__}: {error}", cell=self.cell)


def _until_none(
    lines: queue.SimpleQueue[LogLine | None], patience_s: Callable[[], float | None]
) -> Iterator[LogLine | None]:
    """Lines as they come, and None where they stop for a while, and at their end."""
    while True:
        try:
            line = lines.get(timeout=patience_s())
        except queue.Empty:
            yield None
            continue
        yield line
        if line is None:
            return


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
    t_ns = _nanoseconds(stamp)
    return LogLine(t_ns / 10**9, text, t_ns)


def _nanoseconds(stamp: str) -> int:
    """Docker's time stamp has nine decimals and a Z; Python takes six of them."""
    whole, _, fraction = stamp.rstrip("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 10**9 + int(f"{fraction[:9]:0<9}")
