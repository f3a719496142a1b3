"""The log of a cell: httpd's lines, and the application's among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from heartbed.observers.base import Emit
from heartbed.observers.log_stream import TOGETHER_S, LogLine, LogStream
from heartbed.record.event import Event
from heartbed.record.kinds import AppExit
from heartbed.record.kinds import AppLog as Words
from heartbed.testbed.testbed import LogFeed

HTTPD_TIME = r"\[(?P<time>[^\]]+)\]"
HTTPD = re.compile(
    HTTPD_TIME + r" \[(?P<module>[\w-]*):(?P<level>\w+)\] \[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\] (?P<text>.*)"
)
ACCESS = re.compile(HTTPD_TIME + r" \[(?P<module>access)\] \[pid (?P<pid>\d+)(?P<tid>)[^\]]*\] (?P<text>.*)")
"""The thread in it, if any, is httpd's own number and not the kernel's."""
HTTPD_TIMES = ("%Y-%m-%d %H:%M:%S.%f", "%a %b %d %H:%M:%S.%f %Y", "%a %b %d %H:%M:%S %Y")
"""As our own configuration has it, and httpd's default."""

PREAMBLE = re.compile(r"(?:\[(?:client|remote|script) [^\]]*\] )*")
"""What httpd puts before the words of an application that it serves a request with."""

APP = re.compile(
    r"(?P<head>(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (?P<pid>\d+) (?:(?P<tid>\d+) )?"
    r"(?P<level>DEBUG|INFO|AUDIT|WARNING|ERROR|CRITICAL|TRACE) (?P<logger>[\w.]+)) ?(?P<text>.*)"
)
CONTEXT = re.compile(r"\[(?P<request>[^\]]*)\] ?(?P<text>.*)")

EXITS = (
    re.compile(r".*\bchild pid (?P<pid>\d+) exit signal .*"),
    re.compile(r"Process '.*' \(pid=(?P<pid>\d+)\) (?:terminated|appears to have been lost).*"),
    re.compile(r"Exiting daemon process .*"),
    re.compile(r"Python runtime has shut down in embedded mode.*"),
)
"""httpd's and mod_wsgi's words for the end of a child. It says nothing of one that was killed by SIGKILL."""


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
    """Time, process, level and logger as oslo.log wrote them; empty for httpd's own words, and for what is printed."""
    raw: str = ""
    """The application's line with its head."""


@dataclass
class Entries:
    """Puts lines together to entries, for each thread by itself, because threads write among each other."""

    _open: dict[tuple[int | None, int | None], tuple[Entry, float]] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether an entry has begun that may go on."""
        return bool(self._open)

    def add(self, line: LogLine) -> Iterator[Entry]:
        """Take a line. Yields the entries that are over."""
        entry = parse(line)
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


class AppLog(LogStream[Entry]):
    """Follows the log of a cell; emits ``app.log``, and ``app.exit`` where a child has ended."""

    def __init__(self, cell: str, follow: Callable[[], LogFeed], emit: Emit) -> None:
        super().__init__("app_log", follow, emit, Entries(), cell=cell)

    def tell(self, entry: Entry) -> None:
        """Every entry is an event."""
        self.emit(to_event(entry, self.cell))


def continuation(before: Entry, entry: Entry, seconds: float) -> str | None:
    """What ``entry``, ``seconds`` later, adds to ``before``; None when it stands for itself."""
    if entry.source != "app" or before.source != "app":
        return None
    if not before.head and not entry.head:
        return entry.text if seconds <= TOGETHER_S else None
    # oslo.log repeats the head on each line of a traceback, but not the context in brackets.
    rest = entry.raw.removeprefix(before.head)
    return rest if before.head and rest != entry.raw and not rest.startswith(" [") else None


def parse(line: LogLine) -> Entry:
    """One line. Its own time is taken where it has one: Docker's is later."""
    httpd = HTTPD.fullmatch(line.text) or ACCESS.fullmatch(line.text)
    if httpd is None:
        return _app(line.text) or Entry(line.t, "app", None, None, None, None, line.text)
    groups = httpd.groupdict()
    t = _httpd_time(groups["time"]) or line.t
    pid, tid = int(groups["pid"]), int(groups["tid"]) if groups["tid"] else None
    level, logger, text = groups.get("level") or "info", groups["module"], groups["text"]
    if logger != "wsgi" or level != "error":
        return Entry(t, "httpd", level, logger, pid, tid, text)
    # What the application writes to stderr.
    text = text[PREAMBLE.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty string too
    return _app(text) or Entry(t, "app", None, None, pid, tid, text)


def _app(text: str) -> Entry | None:
    """A line that oslo.log has written; None for any other."""
    found = APP.fullmatch(text)
    if found is None:
        return None
    context = CONTEXT.fullmatch(found["text"])
    return Entry(
        t=datetime.strptime(found["time"], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp(),
        source="app",
        level=found["level"].lower(),
        logger=found["logger"],
        pid=int(found["pid"]),
        tid=int(found["tid"]) if found["tid"] else None,
        text=context["text"] if context else found["text"],
        request_id=context["request"] if context else None,
        head=found["head"],
        raw=text,
    )


def _httpd_time(text: str) -> float | None:
    for form in HTTPD_TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def to_event(entry: Entry, cell: str | None) -> Event:
    """The entry as an event."""
    if entry.source == "httpd":
        for pattern in EXITS:
            found = pattern.fullmatch(entry.text)
            if found is not None:
                told = found.groupdict().get("pid")
                return Event(AppExit(reason=entry.text), entry.t, cell, int(told) if told else entry.pid)
    words = Words(
        source=entry.source,
        level=entry.level,
        logger=entry.logger,
        text=entry.text,
        thread=entry.tid,
        request_id=None if entry.request_id == "-" else entry.request_id,
    )
    return Event(words, entry.t, cell, entry.pid)
