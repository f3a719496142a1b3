"""What proves the verdict on a cell: events of the record in order of time, log lines as they were written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from heartbed.observers.app_log import APPLICATION
from heartbed.record.kinds import AppLog, BrokerLog
from heartbed.report import timeline
from heartbed.report.data import RunData
from heartbed.verdict.values import CellVerdict, Evidence
from heartbed.wording import count, seconds

ROUTINE = ("broker.connection.created",)
"""Kinds of events that prove something only where there is nothing else."""

MOST_BEATS = 12
"""Heartbeats of one connection that are cited one by one."""


@dataclass(frozen=True)
class Proof:
    """One event that proves a verdict: when (seconds on the cell's clock), who says it, and what it says."""

    at: float
    source: str
    text: str
    line: int


def proofs(run: RunData, cell: CellVerdict) -> list[Proof]:
    """The evidence for a cell and its connections; of a connection that was kept, its heartbeats."""
    origin = timeline.origin(run, cell)
    cited = [*cell.evidence, *(item for connection in cell.connections for item in connection.evidence)]
    beats = [*_beats(run, cell, origin)]
    telling = [item for item in cited if item.kind not in ROUTINE]
    unique = {(item.line, item.kind, item.text): item for item in telling or (cited if not beats else [])}
    found = [
        Proof(round(item.t - origin, 4), source_words(run, item), _said(run, item), item.line)
        for item in unique.values()
    ]
    return sorted([*found, *beats], key=lambda proof: (proof.at, proof.line))


def _beats(run: RunData, cell: CellVerdict, origin: float) -> Iterator[Proof]:
    """The client's heartbeats on each connection that was kept, while the cell idled."""
    start, end = timeline.idle_start(run, cell), timeline.idle_end(run, cell)
    for connection in timeline.ordered(cell):
        if not connection.outcome.good or end is None:
            continue
        beats = [e for e in timeline.client_frames(run, connection) if timeline.is_heartbeat(e) and start < e.t <= end]
        if not beats:
            continue
        told = ", ".join(f"{each.t - origin:+.3f} (frame {each.data.frame})" for each in beats[:MOST_BEATS])
        more = f" and {len(beats) - MOST_BEATS} more" if len(beats) > MOST_BEATS else ""
        many = count(len(beats), "heartbeat")
        gap = "" if connection.longest_gap_s is None else f"; longest silence {seconds(connection.longest_gap_s)}"
        allowed = connection.timeout_s and f" of the {seconds(2 * connection.timeout_s)} after which RabbitMQ may close"
        text = f"{timeline.title(connection, cell)}: {many} of the client: {told}{more}{gap}{(gap and allowed) or ''}"
        yield Proof(round(beats[0].t - origin, 4), "wire", text, beats[0].line)


def source_words(run: RunData, item: Evidence) -> str:
    """Who observed an event: ``RabbitMQ’s log``, ``wire``, ..."""
    event = run.at_line(item.line)
    if item.kind == "app.log":
        source = event.data.source if event is not None and isinstance(event.data, AppLog) else APPLICATION
        return "application’s log" if source == APPLICATION else f"{source}’s log"
    names = {"broker.log": "RabbitMQ’s log", "process.stacks": "stack", "process.greenlets": "greenlets"}
    return names.get(item.kind, item.kind.partition(".")[0])


def _said(run: RunData, item: Evidence) -> str:
    event = run.at_line(item.line)
    said = event.data.text if event is not None and isinstance(event.data, BrokerLog | AppLog) else ""
    return said or item.text
