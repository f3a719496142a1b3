"""The lines of httpd's log: its own words, and those of the application in them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from heartbed.observers.app_log import Entry, printed, written
from heartbed.observers.log_stream import LogLine

SOURCE = "httpd"

TIME = r"\[(?P<time>[^\]]+)\]"
LINE = re.compile(
    TIME + r" \[(?P<module>[\w-]*):(?P<level>\w+)\] \[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\] (?P<text>.*)"
)
ACCESS = re.compile(TIME + r" \[(?P<module>access)\] \[pid (?P<pid>\d+)(?P<tid>)[^\]]*\] (?P<text>.*)")
"""The thread in it, if any, is httpd's own number and not the kernel's."""
TIMES = ("%Y-%m-%d %H:%M:%S.%f", "%a %b %d %H:%M:%S.%f %Y", "%a %b %d %H:%M:%S %Y")
"""As our own configuration has it, and httpd's default."""

PREAMBLE = re.compile(r"(?:\[(?:client|remote|script) [^\]]*\] )*")
"""What httpd puts before the words of an application that it serves a request with."""

EXITS = (
    re.compile(r".*\bchild pid (?P<pid>\d+) exit signal .*"),
    re.compile(r"Process '.*' \(pid=(?P<pid>\d+)\) (?:terminated|appears to have been lost).*"),
    re.compile(r"Exiting daemon process .*"),
    re.compile(r"Python runtime has shut down in embedded mode.*"),
)
"""httpd's and mod_wsgi's words for the end of a child. It says nothing of one that was killed by SIGKILL."""


def read(line: LogLine) -> Entry | None:
    """A line of httpd's. Its own time is taken where it can be read: Docker's is later."""
    match = LINE.fullmatch(line.text) or ACCESS.fullmatch(line.text)
    if match is None:
        return None
    groups = match.groupdict()
    t = _time(groups["time"]) or line.t
    pid, tid = int(groups["pid"]), int(groups["tid"]) if groups["tid"] else None
    level, logger, text = groups.get("level") or "info", groups["module"], groups["text"]
    if logger != "wsgi" or level != "error":
        return _with_end(Entry(t, SOURCE, level, logger, pid, tid, text))
    # What the application writes to stderr.
    text = text[PREAMBLE.match(text).end() :]  # type: ignore[union-attr]  # it matches the empty string too
    return written(text) or printed(text, t, pid, tid)


def _with_end(entry: Entry) -> Entry:
    """The entry, marked where it tells of the end of a child; the child is named in it, or wrote it."""
    found = next((end for pattern in EXITS if (end := pattern.fullmatch(entry.text))), None)
    if found is None:
        return entry
    told = found.groupdict().get("pid")
    return replace(entry, pid=int(told) if told else entry.pid, ends=True)


def _time(text: str) -> float | None:
    for form in TIMES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None
