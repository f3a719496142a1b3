"""The log of a cell: the application's lines, among those of its server, which its family knows."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from heartbed.observers.base import Emit
from heartbed.observers.log_stream import TOGETHER_S, LogLine, LogStream
from heartbed.record.event import Event
from heartbed.record.kinds import AppExit, RpcArrived
from heartbed.record.kinds import AppLog as Words
from heartbed.testbed.testbed import LogFeed

APPLICATION = "app"
"""The source of what the application says."""

COMPUTE, RPC = "compute", "heartbed.rpc"
"""The service that answers RPC, and the logger by which it tells of each message (``wsgi_app/compute.py``)."""

APP = re.compile(
    r"(?P<head>(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (?P<pid>\d+) (?:(?P<tid>\d+) )?"
    r"(?P<level>DEBUG|INFO|AUDIT|WARNING|ERROR|CRITICAL|TRACE) (?P<logger>[\w.]+)) ?(?P<text>.*)"
)
CONTEXT = re.compile(r"\[(?P<request>[^\]]*)\] ?(?P<text>.*)")


@dataclass(frozen=True)
class Entry:
    """One entry: a line, or several that belong together."""

    t: float
    source: str
    level: str | None
    logger: str | None
    pid: int | None
    tid: int | None
    text: str
    request_id: str | None = None
    head: str = ""
    """Time, process, level and logger as oslo.log wrote them; empty for a server's words and for what is printed."""
    raw: str = ""
    """The application's line with its head."""
    ends: bool = False
    """Whether it is about the end of the process ``pid``."""


Reader = Callable[[LogLine], Entry | None]
"""Knows the lines of a server: its own, and the application's in them; None for any other line."""


@dataclass
class Entries:
    """Puts lines together to entries, for each thread by itself, because threads write among each other."""

    readers: Sequence[Reader] = ()
    _open: dict[tuple[int | None, int | None], tuple[Entry, float]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether an entry has begun that may go on."""
        return bool(self._open)

    def add(self, line: LogLine) -> Iterator[Entry]:
        """Take a line. Yields the entries that are over."""
        entry = parse(line, self.readers)
        key = (entry.pid, entry.tid)
        before, last = self._open.get(key, (None, 0.0))
        more = None if before is None else continuation(before, entry, line.t - last)
        if before is not None and more is not None:
            self._open[key] = (replace(before, text=f"{before.text}\n{more}"), line.t)
            return
        if before is not None:
            yield before
        self._open[key] = (entry, line.t)

    def finish(self) -> Iterator[Entry]:
        """All entries that were open, now over."""
        entries = [entry for entry, _ in self._open.values()]
        self._open.clear()
        yield from entries


MOST_DEBUG = 200
"""Entries at debug level of one logger that are told: AMQP libraries write dozens a second there, all alike."""


class AppLog(LogStream[Entry]):
    """Follows the log of a cell; emits ``app.log``, and ``app.exit`` where a child has ended."""

    def __init__(
        self, cell: str, follow: Callable[[], LogFeed], emit: Emit, readers: Sequence[Reader], last: int = 0
    ) -> None:
        super().__init__("app_log", follow, emit, Entries(readers), cell=cell, last=last)
        self._debug: Counter[str | None] = Counter()

    def tell(self, entry: Entry) -> None:
        """Every entry is an event, but for most of those at debug level where there are very many."""
        if entry.level == "debug":
            self._debug[entry.logger] += 1
            if self._debug[entry.logger] > MOST_DEBUG:
                return
        self.emit(arrived(entry, self.cell) or to_event(entry, self.cell))

    def stop(self) -> None:
        """Stop following, and say how many entries were not told."""
        super().stop()
        for logger, number in self._debug.items():
            if number > MOST_DEBUG:
                more = f"{number - MOST_DEBUG} more entries at debug level, which are not in this record"
                self.emit(Event(Words(level="debug", logger=logger, text=more), cell=self.cell))
        self._debug.clear()


def continuation(before: Entry, entry: Entry, seconds: float) -> str | None:
    """What ``entry``, ``seconds`` later, adds to ``before``; None when it stands for itself."""
    if {entry.source, before.source} != {APPLICATION}:
        return None
    if not before.head and not entry.head:
        return entry.text if seconds <= TOGETHER_S else None
    # oslo.log repeats the head on each line of a traceback, but not the context in brackets.
    rest = entry.raw.removeprefix(before.head)
    return rest if before.head and rest != entry.raw and not rest.startswith(" [") else None


def parse(line: LogLine, readers: Sequence[Reader] = ()) -> Entry:
    """One line. Its own time is taken where it has one: Docker's is later."""
    found = next((entry for reader in readers if (entry := reader(line))), None)
    return found or written(line.text) or printed(line.text, line.t)


def printed(text: str, t: float, pid: int | None = None, tid: int | None = None) -> Entry:
    """What the application prints, without a head."""
    return Entry(t, APPLICATION, None, None, pid, tid, text)


def written(text: str) -> Entry | None:
    """A line that oslo.log has written; None for any other."""
    match = APP.fullmatch(text)
    if match is None:
        return None
    context = CONTEXT.fullmatch(match["text"])
    return Entry(
        t=datetime.strptime(match["time"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp(),
        source=APPLICATION,
        level=match["level"].lower(),
        logger=match["logger"],
        pid=int(match["pid"]),
        tid=int(match["tid"]) if match["tid"] else None,
        text=context["text"] if context else match["text"],
        request_id=context["request"] if context else None,
        head=match["head"],
        raw=text,
    )


def arrived(entry: Entry, cell: str | None) -> Event | None:
    """The message that the RPC server tells of; None for any other entry."""
    if cell != COMPUTE or entry.logger != RPC:
        return None
    try:
        told = json.loads(entry.text)
        return Event(RpcArrived(**told), entry.t, told.get("cell") or cell)
    except (ValueError, TypeError):
        return None  # its words are then in the record as they are


def to_event(entry: Entry, cell: str | None) -> Event:
    """The entry as an event."""
    if entry.ends:
        return Event(AppExit(reason=entry.text), entry.t, cell, entry.pid)
    words = Words(
        source=entry.source,
        level=entry.level,
        logger=entry.logger,
        text=entry.text,
        thread=entry.tid,
        request_id=None if entry.request_id == "-" else entry.request_id,
    )
    return Event(words, entry.t, cell, entry.pid)
