"""RabbitMQ's log, which alone says why it closed a connection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from heartbed.observers.base import Emit, Resolve
from heartbed.observers.log_stream import LogLine, LogStream
from heartbed.record.event import Event
from heartbed.record.kinds import OTHER
from heartbed.record.kinds import BrokerLog as Words
from heartbed.testbed.testbed import LogFeed

HEAD = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+(?:[+-]\d\d:\d\d)?) "
    r"\[(?P<level>\w+)\] (?P<pid><[\d.]+>) ?(?P<text>.*)"
)
"""Before 3.9 without a zone, which in a container is UTC."""
COLOUR = re.compile(r"\x1b\[[\d;]*m")
ENDS = re.compile(r"(?P<host>[0-9A-Fa-f.:]+|\[[^\]]+\]):(?P<port>\d+) -> \S+:\d+(?: - (?P<name>[^,)\s]*))?")
CLOSING = re.compile(r"closing AMQP connection")
MISSED = re.compile(r"missed heartbeats from client, timeout: (\d+)s")
ERROR = re.compile(r"Error on AMQP connection")
STARTING = re.compile(r"Starting RabbitMQ \S+ on Erlang")
CHATTER = ("debug", "info", "notice")
"""Levels of entries that are left out when they name no connection: what the broker says while it starts."""


@dataclass(frozen=True)
class Entry:
    """One entry of the log; ``t`` is its own time, epoch seconds."""

    t: float
    level: str
    broker_pid: str
    text: str


class BrokerLog(LogStream["Entry"]):
    """Follows the log of the broker's container and emits its entries as ``broker.log``.

    Left out are entries below ``warning`` that name no connection, save the one
    that tells the versions. An event's
    time is the one that the entry itself bears. Docker's time stamp
    is that of the engine's copying and comes up to some milliseconds later.
    """

    def __init__(
        self, follow: Callable[[], LogFeed], emit: Emit, resolve: Resolve, again: Callable[[], bool] = lambda: False
    ) -> None:
        super().__init__("broker_log", follow, emit, Entries(), again=again)
        self._resolve = resolve

    def tell(self, entry: Entry) -> None:
        """An entry that names a connection, or that somebody may want to know."""
        event = to_event(entry, self._resolve)
        if event.conn is not None or entry.level not in CHATTER or STARTING.search(entry.text):
            self.emit(event)


class Entries:
    """Puts lines together to entries.

    RabbitMQ repeats the head (time, level, process) on every line of an entry
    that has several, unless it is told to write each entry as one line, and
    unless it is older than 3.9.
    """

    def __init__(self) -> None:
        self._head: re.Match[str] | None = None
        self._texts: list[str] = []

    @property
    def open(self) -> bool:
        """Whether an entry has begun that may go on."""
        return self._head is not None

    def add(self, line: LogLine) -> Iterator[Entry]:
        """Take one line. Yields the entry before it when this line begins another."""
        text = COLOUR.sub("", line.text)
        head = HEAD.match(text)
        if head is None:
            if self.open:  # what comes before the first head is the start-up banner
                self._texts.append(text)
            return
        if self._head is None or head.group("time", "level", "pid") != self._head.group("time", "level", "pid"):
            yield from self.finish()
            self._head = head
        self._texts.append(head["text"])

    def finish(self) -> Iterator[Entry]:
        """The entry that was open, now over."""
        head, texts, self._head, self._texts = self._head, self._texts, None, []
        if head is not None:
            at = datetime.fromisoformat(head["time"])
            t = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
            yield Entry(t, head["level"], head["pid"], "\n".join(texts).strip("\n"))


def to_event(entry: Entry, resolve: Resolve) -> Event[Words]:
    """The entry as ``broker.log``, with connection, cell and process where it names a connection."""
    cell, pid, conn = None, None, None
    ends = ENDS.search(entry.text)
    if ends is not None:
        host = ends["host"].strip("[]")
        conn = f"{host}:{ends['port']}"
        cell, pid = resolve(host, (ends["name"] or "").rstrip(":"))
    reason, timeout_s = why(entry)
    words = Words(level=entry.level, broker_pid=entry.broker_pid, reason=reason, text=entry.text, timeout_s=timeout_s)
    return Event(words, entry.t, cell, pid, conn)


def why(entry: Entry) -> tuple[str, int | None]:
    """The reason for a close in the record's words, and the heartbeat timeout (seconds) if that was missed."""
    if ERROR.search(entry.text):
        return "error", None
    if not CLOSING.search(entry.text):
        return OTHER, None
    missed = MISSED.search(entry.text)
    if missed:
        return "missed_heartbeats", int(missed[1])
    if "client unexpectedly closed TCP connection" in entry.text:
        return "client_closed", None
    return ("error" if entry.level in ("error", "warning") else "clean"), None
