"""The story of one cell: what happened to it, in order of time, in a few lines.

What happened alike to several connections, processes or requests is one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

from heartbed.record.event import Event
from heartbed.record.kinds import AppExit, AppLog, BrokerLog, CellState, ProcessGone, Request, Socket
from heartbed.report import stacks, timeline
from heartbed.report.data import RunData
from heartbed.report.grouped import grouped, named, processes, spread
from heartbed.report.interventions import in_words
from heartbed.report.text import one_line
from heartbed.report.words import milliseconds, number
from heartbed.verdict.stack import place
from heartbed.verdict.values import CellVerdict, Connection, Outcome
from heartbed.wording import seconds

MOST_LINES = 24
SPARE = ("socket", "app log", "* log", "wire", "request")
"""Who has to be silent first, where there is more to tell than a screen holds; never what is telling."""

MOST_LOGS = 3
MOST_PLACES = 6
LOG_LENGTH = 110
ERROR_LENGTH = 60
GRAVE = ("warn", "warning", "error", "crit", "critical", "alert", "emerg", "fatal")
"""Levels of Python's logging and of httpd's."""

CLOSING = ("missed_heartbeats", "client_closed", "error")
"""What RabbitMQ's log gives as the reason of an end; all else that it says of a connection is routine."""

NUMBERS = re.compile(r"[0-9a-f]*\d[0-9a-f]*")
"""In which log lines alike differ: numbers, and parts of identifiers."""


@dataclass(frozen=True)
class Line:
    """Something that happened: when (seconds on the cell's clock), who saw it, what."""

    at: float
    who: str
    what: str
    telling: bool = False


def story(run: RunData, cell: CellVerdict) -> list[Line]:
    """All that is worth telling of a cell, in order of time."""
    origin = timeline.origin(run, cell)
    lines = [*_requests(run, cell), *_states(run, cell), *_process(run, cell), *_logs(run, cell)]
    lines += [Line(t, "probe", what, telling=True) for t, what in in_words(run.interventions(cell), origin)]
    for alike in grouped(timeline.ordered(cell), lambda c: (c.purpose, c.outcome, c.cause, c.timeout_s)):
        lines += _connections(run, cell, alike)
    if cell.connections:
        lines.append(Line(timeline.idle_start(run, cell), "idle", f"the idle period begins: {run.meanwhile(cell)}"))
    return [
        Line(round(line.at - origin, 3), line.who, one_line(line.what), line.telling)
        for line in sorted(lines, key=lambda line: line.at)
    ]


def trimmed(lines: list[Line]) -> list[Line]:
    """The lines that fit a screen, in order of time."""
    ranked = [(rank, line) for line in reversed(lines) if (rank := _spare(line)) is not None]
    spare = [line for _, line in sorted(ranked, key=lambda each: each[0])]
    left_out = {id(line) for line in spare[: max(0, len(lines) - MOST_LINES)]}
    return [line for line in lines if id(line) not in left_out]


def _spare(line: Line) -> int | None:
    """How soon a line has to be silent; None for one that never has."""
    return None if line.telling else next((n for n, who in enumerate(SPARE) if fnmatch(line.who, who)), None)


def _requests(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    asked = [event for event in run.of_cell(cell, Request) if event.data.what != "facts"]
    for alike in grouped(asked, lambda event: (event.data.phase, event.data.what, _answer(event))):
        first, data = alike[0], alike[0].data
        took = [event.data.ms for event in alike]
        what = f"{data.what} {_answer(first)} after {spread(took, milliseconds)}"
        if data.error:
            what += f" ({one_line(data.error, ERROR_LENGTH)})"
        if len(alike) > 1:
            what = f"{len(alike)} times: {what}"
        where = processes(event.pid for event in alike)
        if len(alike) == 1 and where and data.thread is not None:
            where += f", thread {data.thread}"
        yield Line(first.t, "request", f"{what}{f', {where}' if where else ''}", telling=data.failed)


def _answer(event: Event[Request]) -> str:
    status = event.data.status
    return f"answered {status}" if status is not None else "not answered"


def _states(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    for event in run.of_cell(cell, CellState):
        if event.data.state == "failed":
            yield Line(event.t, "cell", f"failed: {event.data.reason}", telling=True)
    gone: list[Event[AppExit] | Event[ProcessGone]] = [*run.of_cell(cell, AppExit)]
    gone += run.of_cell(cell, ProcessGone)
    for alike in grouped(sorted(gone, key=lambda event: event.t), _parting):
        reason = _parting(alike[0])
        has = "have" if len({event.pid for event in alike}) > 1 else "has"
        said = f": {reason}" if reason else ""
        yield Line(alike[0].t, "process", f"{processes(e.pid for e in alike)} {has} gone{said}", telling=True)


def _parting(event: Event[AppExit] | Event[ProcessGone]) -> str:
    """Httpd's words for the end of a process; of most there are none."""
    return event.data.reason if isinstance(event.data, AppExit) else ""


@dataclass(frozen=True)
class _Look:
    """What one thread of a process was seen to do."""

    t: float
    pid: int | None
    thread: str
    green: bool
    what: str
    telling: bool

    @property
    def who(self) -> str:
        return f"{self.thread} of process {self.pid}"


def _process(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    """One line for each place in which threads were seen."""
    dumps = [dump for at in ("mid-idle", "loss") for dump in stacks.dumps(run, cell, at)]
    places = grouped((look for dump in dumps for look in _looks(dump)), lambda look: look.what)
    for alike in sorted(places, key=lambda looks: not looks[0].telling)[:MOST_PLACES]:
        first, who = alike[0], alike[0].who
        if len({look.who for look in alike}) > 1:
            who = f"{processes(look.pid for look in alike)}: a {'green ' if first.green else ''}thread"
        yield Line(min(look.t for look in alike), "stack", f"{who} {first.what}", first.telling)
    failed = [dump for dump in dumps if dump.stack is None]
    for same in grouped(failed, lambda dump: NUMBERS.sub("0", dump.error)):
        yield Line(same[0].t, "stack", f"none of {processes(dump.pid for dump in same)}: {same[0].error}")


def _looks(dump: stacks.Dump) -> Iterator[_Look]:
    """The threads that tell: where they are, and what that means."""
    for stack in (dump.stack, *dump.greens):
        if stack is None or not stack.frames:
            continue
        frame, green = stack.frames[stack.telling or 0], stack is not dump.stack
        where = stack.module if frame.native and stack.module else place(frame)
        within = "" if where == stacks.SYSTEM_CALL else f" of {where}"
        # How late its hub is differs from process to process, and says no more here.
        meaning = f": {stack.meaning.partition('; ')[0]}" if stack.meaning else ""
        what = f"is in {frame.function}{within}{meaning}"
        thread = stack.names[0] if green else f"thread {stack.names[0]}"
        yield _Look(dump.t, dump.pid, thread, green, what, stack.telling is not None)


def _logs(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    grave = [e for e in run.of_cell(cell, AppLog) if (e.data.level or "").lower() in GRAVE]
    groups = grouped(grave, lambda event: NUMBERS.sub("0", one_line(event.data.text, LOG_LENGTH)))
    for alike in groups[:MOST_LOGS]:
        times = f"{len(alike)} times: " if len(alike) > 1 else ""
        source = f"{alike[0].data.source} log"
        yield Line(alike[0].t, source, times + one_line(alike[0].data.text, LOG_LENGTH))
    if len(groups) > MOST_LOGS:
        yield Line(groups[MOST_LOGS][0].t, "app log", f"and {sum(map(len, groups[MOST_LOGS:]))} lines more")


def _connections(run: RunData, cell: CellVerdict, alike: list[Connection]) -> Iterator[Line]:
    """The life of connections that had the same purpose and the same fate, told once."""
    first = min(alike, key=lambda c: c.opened)
    many = len(alike) > 1
    title = f"{len(alike)} {first.purpose}" if many else timeline.title(first, cell)
    timeout = f"timeout {number(first.timeout_s)} s" if first.timeout_s is not None else "timeout unknown"
    source = named(c.conn for c in alike) if len(alike) <= 2 else f"{first.conn} and {len(alike) - 1} more"
    pids = processes(c.pid for c in alike)
    yield Line(first.opened, "opened", f"{title} from {source}{f', {pids}' if pids else ''}, {timeout}")
    yield from _wire(run, cell, alike, title)
    queued = [e for c in alike for e in run.of_connection(c, Socket) if e.data.rx_octets > 0]
    if queued:
        most = max(event.data.rx_octets for event in queued)
        what = f"{title}: bytes begin to wait unread, {most} at most"
        yield Line(min(event.t for event in queued), "socket", what, telling=first.outcome is not Outcome.KEPT)
    said = [e for c in alike for e in run.of_connection(c, BrokerLog) if e.data.reason in CLOSING]
    for entries in grouped(said, lambda event: event.data.reason):
        entry = min(entries, key=lambda event: event.t)
        more = f" (and {len(entries) - 1} more alike)" if len(entries) > 1 else ""
        yield Line(entry.t, "broker log", _reason(entry) + more, telling=True)
    ends = [event for c in alike for event in timeline.ends(run, c)]
    for same in grouped(ends, lambda event: (event.data.sender, event.data.how)):
        how = same[0].data.how.upper()
        numbers = named(event.data.frame for event in same)
        what = f"{title}: {same[0].data.sender} sends {how}, frame{'s' if len(same) > 1 else ''} {numbers}"
        silent = [c.lost_after_s for c in alike if c.lost_after_s is not None and how == "RST"]
        what += f", {spread(silent, seconds)} after the client’s last octet" if silent else ""
        yield Line(min(event.t for event in same), "wire", what, telling=how == "RST")


def _reason(entry: Event[BrokerLog]) -> str:
    """What RabbitMQ's log gives as the reason; the entry names the connection at length before it."""
    text = one_line(entry.data.text, LOG_LENGTH * 2)
    before, missed, rest = text.partition("missed heartbeats")
    return f"closes {entry.conn}: {missed}{rest}" if missed and entry.conn and entry.conn in before else text


def _wire(run: RunData, cell: CellVerdict, alike: list[Connection], title: str) -> Iterator[Line]:
    """How many heartbeats there were until the end, and when a client that was closed was last heard."""
    captured = [connection for connection in alike if connection.heartbeats_sent is not None]
    if not captured:
        return
    closed = [connection.closed for connection in captured if connection.closed is not None]
    end = min(closed) if closed else timeline.idle_end(run, cell)
    if end is not None:
        beats = [timeline.beats(run, connection) for connection in captured]
        own, other = (
            spread(counts, number) for counts in ([float(b.client) for b in beats], [float(b.broker) for b in beats])
        )
        word = "heartbeat" if own == "1" else "heartbeats"
        each = " each" if len(captured) > 1 else ""
        yield Line(end, "wire", f"{title}: {own} {word} of the client, {other} of the broker{each} so far")
    if closed:
        first = next(connection for connection in captured if connection.closed == min(closed))
        octets = [frame.t for frame in timeline.client_frames(run, first)]
        whose = "the first client’s last octet" if len(captured) > 1 else "the client’s last octet"
        if octets:
            yield Line(octets[-1], "wire", f"{title}: {whose}")
