"""The story of one cell: what happened to it, in order of time, in a few lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from heartbed.model import CellVerdict, Connection
from heartbed.record import Event
from heartbed.report import stacks, timeline
from heartbed.report.data import RunData
from heartbed.report.text import one_line
from heartbed.report.words import SEVERITY, milliseconds, number

MOST_CONNECTIONS = 4
"""Connections whose life is told; the worst are."""

MOST_LOGS = 6
LOG_LENGTH = 150
GRAVE = ("warn", "warning", "error", "crit", "critical", "alert", "emerg", "fatal")
"""Levels of Python's logging and of httpd's."""


@dataclass(frozen=True)
class Line:
    """Something that happened: when (seconds since the idle period began), who saw it, what."""

    at: float
    who: str
    what: str
    telling: bool = False


def story(run: RunData, cell: CellVerdict) -> list[Line]:
    """All that is worth telling of a cell, in order of time."""
    told = sorted(cell.connections, key=lambda c: (SEVERITY.index(c.outcome), c.opened))[:MOST_CONNECTIONS]
    origin = timeline.origin(run, cell)
    lines = [*_requests(run, cell), *_states(run, cell), *_process(run, cell), *_logs(run, cell)]
    for connection in told:
        lines += _connection(run, cell, connection)
    began = [Line(origin, "idle", "the idle period begins: nothing touches the cell")] if cell.connections else []
    if len(cell.connections) > len(told):
        left = len(cell.connections) - len(told)
        began.append(Line(origin, "idle", f"{left} more connections are not told of here; the report has them all"))
    return [
        Line(round(line.at - origin, 3), line.who, one_line(line.what), line.telling)
        for line in sorted([*began, *lines], key=lambda line: line.at)
    ]


def _requests(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    before = []
    for event in run.of_cell(cell.cell, "request"):
        data = event.data
        if data.get("phase") == "before":
            before.append(event)
        elif data.get("what") != "facts":
            yield Line(
                event.t,
                "request",
                f"{data.get('what')} {_answer(event)}, process {event.pid}, thread {data.get('thread')}",
            )
    took = [event.data["ms"] for event in before if isinstance(event.data.get("ms"), int | float)]
    if before:
        middle = f", median {milliseconds(median(took))}" if took else ""
        yield Line(before[-1].t, "request", f"{len(before)} more before the idle period{middle}")


def _answer(event: Event) -> str:
    took = event.data.get("ms")
    time = f" after {milliseconds(took)}" if isinstance(took, int | float) else ""
    error = f" ({event.data['error']})" if event.data.get("error") else ""
    status = event.data.get("status")
    return f"answered {status}{time}{error}" if status is not None else f"not answered{time}{error}"


def _states(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    for event in run.of_cell(cell.cell, "cell.state", "app.exit", "process.gone"):
        reason = event.data.get("reason")
        if event.kind == "cell.state" and event.data.get("state") == "failed":
            yield Line(event.t, "cell", f"failed: {reason}", telling=True)
        elif event.kind != "cell.state":
            yield Line(event.t, "process", f"{event.pid} has gone{f': {reason}' if reason else ''}", telling=True)


def _process(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    for dump in stacks.dumps(run, cell):
        if dump.stack is None:
            yield Line(dump.t, "stack", f"process {dump.pid}: {dump.error}")
            continue
        frame = dump.stack.frames[dump.stack.telling or 0] if dump.stack.frames else {}
        where = dump.stack.module if frame.get("native") and dump.stack.module else stacks.place(frame)
        what = f"thread {dump.stack.names[0]} is in {frame.get('function', '?')} of {where}"
        meaning = f": {dump.stack.meaning}" if dump.stack.meaning else ""
        yield Line(dump.t, "stack", what + meaning, telling=dump.stack.telling is not None)
        if dump.green is not None:
            frame = dump.green.frames[dump.green.telling or 0]
            yield Line(
                dump.t,
                "stack",
                f"{dump.green.names[0]} is in {stacks.place(frame)}: {dump.green.meaning}",
                telling=True,
            )


def _logs(run: RunData, cell: CellVerdict) -> Iterator[Line]:
    grave = [e for e in run.of_cell(cell.cell, "app.log") if str(e.data.get("level", "")).lower() in GRAVE]
    for event in grave[:MOST_LOGS]:
        yield Line(event.t, f"{event.data.get('source', 'app')} log", one_line(event.data.get("text"), LOG_LENGTH))
    if len(grave) > MOST_LOGS:
        yield Line(grave[MOST_LOGS].t, "app log", f"and {len(grave) - MOST_LOGS} lines more")


def _connection(run: RunData, cell: CellVerdict, connection: Connection) -> Iterator[Line]:
    title = timeline.title(connection, cell)
    timeout = f"timeout {number(connection.timeout_s)} s" if connection.timeout_s is not None else "timeout unknown"
    yield Line(connection.opened, "opened", f"{title} from {connection.conn}, process {connection.pid}, {timeout}")
    frames = timeline.frames(run, connection)
    last = [frame.t for frame in frames if timeline.sender(frame) == "client"]
    end = connection.closed or timeline.idle_end(run, cell)
    if frames and end is not None:
        beats = timeline.beats(run, connection)
        yield Line(
            end, "wire", f"{title}: {beats.client} heartbeats of the client, {beats.broker} of the broker so far"
        )
    if last and connection.closed is not None:
        yield Line(last[-1], "wire", f"{title}: the client’s last octet")
    queued = [e for e in run.of_connection(connection, "socket") if (e.data.get("rx_octets") or 0) > 0]
    if queued:
        most = max(e.data["rx_octets"] for e in queued)
        what = f"{title}: octets begin to wait unread, {most} at most"
        yield Line(queued[0].t, "socket", what, telling=connection.outcome != "kept")
    for event in run.of_connection(connection, "broker.log"):
        if event.data.get("reason") not in ("clean", "other"):
            yield Line(event.t, "broker log", one_line(event.data.get("text"), LOG_LENGTH * 2), telling=True)
    for event in timeline.ends(run, connection):
        how = str(event.data.get("how", "")).upper()
        yield Line(
            event.t,
            "wire",
            f"{title}: {timeline.sender(event)} sends {how}, frame {event.data.get('frame')}",
            telling=how == "RST",
        )
