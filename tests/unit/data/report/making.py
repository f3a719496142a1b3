"""Makes SYNTHETIC records and verdicts for the tests of the renderers: nothing here was ever measured."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from heartbed.record import kinds
from heartbed.record.connection import Purpose
from heartbed.record.event import Event
from heartbed.verdict import values as model

T0 = 1_767_000_000.0
IDLE = T0 + 9.0
LIBRARIES = "/opt/venv/lib/python3.13/site-packages"
HTTPD = "/usr/lib/apache2/modules"

ACCEPTING = (
    ("accept4", "libc.so.6"),
    ("apr_socket_accept", "libapr-1.so.0"),
    ("child_main", f"{HTTPD}/mod_mpm_prefork.so"),
)
QUEUEING = (("pthread_cond_wait", "libc.so.6"), ("ap_queue_pop_something", f"{HTTPD}/mod_mpm_event.so"))
BEATING = (
    ("wait", "/usr/lib/python3.13/threading.py"),
    ("_heartbeat_thread_job", f"{LIBRARIES}/oslo_messaging/_drivers/impl_rabbit.py"),
    ("run", "/usr/lib/python3.13/threading.py"),
)


@dataclass
class Sample:
    """A run in the making. ``beat`` is the heartbeat timeout, seconds."""

    name: str
    beat: float = 2.0
    capture: bool = True
    events: list[Event] = field(default_factory=list)
    cells: list[model.CellVerdict] = field(default_factory=list)
    ports: Iterator[int] = field(default_factory=lambda: itertools.count(40001))

    def add(self, kind: str, t: float, where: Where | None = None, **data: Any) -> model.Evidence:
        """Append one event and return the evidence that points at it; ``sender`` stands for ``from``."""
        if kind.startswith("wire."):
            if not self.capture:
                return model.Evidence(line=0, t=t, kind=kind, text="")
            data["frame"] = len(self.events) + 1
        if "sender" in data:
            data["from"] = data.pop("sender")
        at = where or Where()
        self.events.append(Event(kinds.parse(kind, data), round(t, 6), at.cell, at.pid, at.conn, len(self.events) + 1))
        said = f"{data['from']} sent {data['how'].upper()}" if kind == "wire.close" else kind
        return model.Evidence(line=len(self.events), t=t, kind=kind, text=str(data.get("text") or said))

    @property
    def idle_until(self) -> float:
        """When the idle period ends, epoch seconds."""
        return IDLE + 4.5 * self.beat

    def heartbeats(self, where: Where, sender: str, start: float, end: float) -> int | None:
        """Heartbeats of one side every half timeout; returns how many, None without a capture."""
        times = list(itertools.takewhile(lambda t: t < end, itertools.count(start, self.beat / 2)))
        for t in times:
            self.add("wire.frame", t, where, sender=sender, type="heartbeat", channel=0, method=None)
        return len(times) if self.capture else None


@dataclass(frozen=True)
class Where:
    """What an event is about."""

    cell: str | None = None
    pid: int | None = None
    conn: str | None = None


@dataclass(frozen=True)
class Fate:
    """What becomes of a connection or a cell, and why."""

    outcome: str = "kept"
    cause: str = ""
    why: str = "both sides sent heartbeats throughout"


def connection(sample: Sample, where: Where, purpose: str, opened: float, fate: Fate) -> model.Connection:
    """One connection with everything that the observers would have seen of it."""
    beat, lost = sample.beat, fate.outcome == "lost"
    host, port = f"172.18.0.{10 + len(sample.cells) % 200}", next(sample.ports)
    at = Where(where.cell, where.pid, f"{host}:{port}")
    name, idle_from = f"mod_wsgi:{at.pid}:{port}", opened + 0.6
    closed = idle_from + 2.97 * beat if lost else None
    sample.add("wire.open", opened, at)
    for n, method in enumerate(("connection.start-ok", "connection.tune-ok", "connection.open", "channel.open")):
        sample.add("wire.frame", opened + 0.004 * (n + 1), at, sender="client", type="method", channel=0, method=method)
    sample.add("broker.connection.created", opened + 0.03, at, user_provided_name=name, timeout_s=beat)
    method = "basic.publish" if purpose == "SEND" else "basic.ack"
    for t in (opened + 0.1, opened + 0.3, idle_from):
        sample.add("wire.frame", t, at, sender="client", type="method", channel=1, method=method)
    end = sample.idle_until + 1.5
    sent = sample.heartbeats(at, "client", idle_from + beat / 2, end if fate.outcome == "kept" else idle_from)
    received = sample.heartbeats(at, "broker", opened + beat / 2, closed or end)
    return model.Connection(
        conn=str(at.conn),
        name=name,
        purpose=Purpose(purpose),
        pid=at.pid,
        timeout_s=beat,
        opened=opened,
        idle_from=idle_from,
        closed=closed,
        closed_by="broker" if lost else None,
        close_reason="missed_heartbeats" if lost else None,
        heartbeats_sent=sent,
        heartbeats_received=received,
        longest_gap_s=(2.97 * beat if lost else beat / 2) if sample.capture else None,
        lost_after_s=2.97 * beat if lost and sample.capture else None,
        outcome=model.Outcome(fate.outcome),
        cause=fate.cause if fate.outcome != "kept" else "",
        why=fate.why,
        evidence=loss(sample, at, idle_from, closed) if closed else [],
    )


def loss(sample: Sample, at: Where, idle_from: float, closed: float) -> list[model.Evidence]:
    """RabbitMQ closes for missed heartbeats, of which its own have piled up unread."""
    for n in range(1, 6):
        sample.add("socket", idle_from + n * sample.beat / 2, at, state="ESTABLISHED", rx_octets=8 * n, tx_octets=0)
    missed = f"missed heartbeats from client, timeout: {sample.beat:g}s"
    text = f"closing AMQP connection <0.912.0> ({at.conn} -> 172.18.0.2:5672):\n{missed}"
    said = sample.add("broker.log", closed, at, level="error", reason="missed_heartbeats", text=text)
    reset = sample.add("wire.close", closed + 0.001, at, sender="broker", how="rst")
    sample.add("broker.connection.closed", closed + 0.002, at)
    sample.add("socket", closed + 0.005, at, state="CLOSE_WAIT", rx_octets=48, tx_octets=0)
    return [said, reset]


def look(sample: Sample, where: Where, factors: dict[str, str], name: str = "") -> model.Evidence:
    """Stacks and greenlets in the middle of the idle period; ``name`` is put into a frame."""
    t, pid = IDLE + 2 * sample.beat, where.pid or 0
    waiting = [_frame(*each) for each in (QUEUEING if factors["server"] == "event" else ACCEPTING)]
    own = [{"function": name, "file": name, "line": 1, "native": False}] if name else []
    threads: list[dict[str, Any]] = [
        {"tid": pid, "name": name or "MainThread", "active": False, "frames": own + waiting}
    ]
    threads += [{"tid": pid + n, "name": "wsgi", "active": False, "frames": waiting} for n in (1, 2)]
    threads += [{"tid": pid + 3, "name": "httpd", "active": False, "syscall": "epoll_wait", "frames": []}]
    beating = [_frame(*each) for each in BEATING]
    if factors["thread"] != "green":
        threads.append({"tid": pid + 9, "name": "Rabbit-heartbeat", "active": False, "frames": beating})
    else:
        greenlets = [{"tid": pid, "name": "", "dead": False, "frames": beating[1:]}]
        hubs = [{"tid": pid, "hub": "epolls", "next_timer_overdue_s": 2.4, "timers": []}]
        sample.add("process.greenlets", t + 0.2, where, at="mid-idle", threads=[], hubs=hubs, greenlets=greenlets)
    return sample.add(
        "process.stacks", t, where, at="mid-idle", host_pid=pid, threads=threads, text=f"thread {pid} waits"
    )


def _frame(function: str, file: str) -> dict[str, Any]:
    return {
        "function": function,
        "file": file,
        "line": 1310 if file.endswith(".py") else 0,
        "native": not file.endswith(".py"),
    }
