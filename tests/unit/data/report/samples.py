"""SYNTHETIC runs: made-up input for the tests of the renderers, nothing that was ever measured.

``python samples.py FOLDER`` writes all of them below FOLDER, each a run's
folder with ``record.jsonl`` and ``verdicts.json``.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heartbed import model
from heartbed.record import Event, Writer
from heartbed.report.data import RunData

T0 = 1_767_000_000.0
IDLE = T0 + 9.0
HOSTILE = "<script>window.hacked=1</script><!-- </script> & \"quoted\" 'single' | `tick` \x1b[31mred \u202egnirts"

Answer = model.CellVerdict


@dataclass
class Sample:
    """A run in the making. ``beat`` is the heartbeat timeout in seconds."""

    name: str
    beat: float = 2.0
    capture: bool = True
    events: list[Event] = field(default_factory=list)
    cells: list[model.CellVerdict] = field(default_factory=list)
    ports: Iterator[int] = field(default_factory=lambda: itertools.count(40001))
    frame: int = 0

    def add(self, t: float, kind: str, cell: str | None = None, pid: int | None = None, conn: str | None = None, **data: Any) -> model.Evidence:
        """Append one event and return the evidence that points at it."""
        if kind.startswith("wire."):
            if not self.capture:
                return model.Evidence(line=0, t=t, kind=kind, text="")
            self.frame += 1
            data.setdefault("frame", self.frame)
        if "sender" in data:
            data["from"] = data.pop("sender")
        self.events.append(Event(kind, round(t, 6), cell, pid, conn, data, len(self.events) + 1))
        return model.Evidence(line=len(self.events), t=t, kind=kind, text=str(data.get("text") or data))

    @property
    def idle_until(self) -> float:
        """When the idle period ends."""
        return IDLE + 4.5 * self.beat


def heartbeats(sample: Sample, cell: str, conn: str, sender: str, start: float, end: float) -> int:
    """Heartbeats of one side every half timeout; returns how many."""
    times = list(itertools.takewhile(lambda t: t < end, itertools.count(start, sample.beat / 2)))
    for t in times:
        sample.add(t, "wire.frame", cell, None, conn, sender=sender, type="heartbeat", channel=0, method=None)
    return len(times) if sample.capture else 0


def connection(
    sample: Sample, cell: str, purpose: str, pid: int, opened: float, outcome: str = "kept", cause: str = "", why: str = "", **changes: Any
) -> model.Connection:
    """One connection with everything that the observers would have seen of it."""
    beat, end = sample.beat, sample.idle_until + 1.5
    conn = f"172.18.0.{10 + len(sample.cells)}:{next(sample.ports)}"
    name = f"mod_wsgi:{pid}:9f1c2a{pid:02x}-{purpose.lower()}"
    idle_from = opened + 0.6
    sample.add(opened, "wire.open", cell, None, conn)
    for n, method in enumerate(("connection.start-ok", "connection.tune-ok", "connection.open", "channel.open")):
        sample.add(opened + 0.004 * (n + 1), "wire.frame", cell, None, conn, sender="client", type="method", channel=0, method=method)
    sample.add(
        opened + 0.03, "broker.connection.created", cell, pid, conn, name=f"{conn} -> 172.18.0.2:5672", user_provided_name=name,
        peer_host=conn.split(":")[0], peer_port=int(conn.split(":")[1]), timeout_s=beat, broker_pid=f"<0.{900 + len(sample.events)}.0>", client_properties={},
    )
    for t in (opened + 0.1, opened + 0.3, idle_from):
        method = "basic.publish" if purpose == "SEND" else "basic.ack"
        sample.add(t, "wire.frame", cell, None, conn, sender="client", type="method", channel=1, method=method)
    lost = outcome == "lost"
    beating = not lost or changes.pop("beats_first", False)
    closed = idle_from + 2.97 * beat if lost else None
    sent = heartbeats(sample, cell, conn, "client", idle_from + beat / 2, end) if outcome == "kept" and beating else 0
    received = heartbeats(sample, cell, conn, "broker", opened + beat / 2, closed or end)
    sample.add(idle_from + beat, "socket", cell, pid, conn, state="ESTABLISHED", rx_octets=0, tx_octets=0)
    evidence = []
    if closed is not None:
        for n in range(1, 6):
            sample.add(idle_from + n * beat / 2, "socket", cell, pid, conn, state="ESTABLISHED", rx_octets=8 * n, tx_octets=0)
        text = (
            f"closing AMQP connection <0.912.0> ({conn} -> 172.18.0.2:5672 - {name}):\n"
            f"missed heartbeats from client, timeout: {beat:g}s"
        )
        evidence.append(sample.add(closed, "broker.log", cell, pid, conn, level="error", broker_pid="<0.912.0>", reason="missed_heartbeats", text=text, timeout_s=beat))
        evidence.append(sample.add(closed + 0.001, "wire.close", cell, None, conn, sender="broker", how="rst"))
        sample.add(closed + 0.002, "broker.connection.closed", cell, pid, conn, name=name, broker_pid="<0.912.0>", timestamp_ms=int(closed * 1000))
        sample.add(closed + 0.005, "socket", cell, pid, conn, state="CLOSE_WAIT", rx_octets=48, tx_octets=0)
    values: dict[str, Any] = {
        "conn": conn, "name": name, "purpose": purpose, "pid": pid, "timeout_s": beat, "opened": opened, "idle_from": idle_from,
        "closed": closed, "closed_by": "broker" if lost else None, "close_reason": "missed_heartbeats" if lost else None,
        "heartbeats_sent": sent if sample.capture else None, "heartbeats_received": received if sample.capture else None,
        "longest_gap_s": (2.97 * beat if lost else beat / 2) if sample.capture else None, "lost_after_s": 2.97 * beat if lost else None,
        "outcome": outcome, "cause": cause, "why": why, "evidence": evidence,
    }
    return model.Connection(**(values | changes))


def stacks(sample: Sample, cell: str, pid: int, factors: dict[str, str], extra: str = "") -> model.Evidence:
    """A py-spy dump in the middle of the idle period."""
    native = [("accept4", "/lib/x86_64-linux-gnu/libc.so.6"), ("apr_socket_accept", "/usr/lib/x86_64-linux-gnu/libapr-1.so.0"), ("child_main", "/usr/lib/apache2/modules/mod_mpm_prefork.so"), ("main", "/usr/sbin/apache2")]
    if factors.get("server") == "event":
        native = [("pthread_cond_wait", "/lib/x86_64-linux-gnu/libc.so.6"), ("ap_queue_pop_something", "/usr/lib/apache2/modules/mod_mpm_event.so"), ("worker_thread", "/usr/lib/apache2/modules/mod_mpm_event.so"), ("start_thread", "/lib/x86_64-linux-gnu/libc.so.6")]
    waiting = [{"function": f, "file": file, "line": 0, "native": True} for f, file in native]
    threads = [{"tid": pid, "name": "MainThread", "active": False, "frames": waiting}]
    threads += [{"tid": pid + n, "name": f"worker-{n}", "active": False, "frames": waiting} for n in range(1, 4)]
    if factors.get("thread") in ("pthread", "os"):
        python = [("wait", "/usr/lib/python3.13/threading.py", 363), ("_heartbeat_thread_job", "/opt/venv/lib/python3.13/site-packages/oslo_messaging/_drivers/impl_rabbit.py", 1310), ("run", "/usr/lib/python3.13/threading.py", 1014)]
        threads.append({"tid": pid + 9, "name": "Rabbit-heartbeat", "active": False, "frames": [{"function": f, "file": p, "line": n, "native": False} for f, p, n in python]})
    if extra:
        threads[0] = threads[0] | {"name": extra, "frames": [{"function": extra, "file": extra, "line": 1, "native": False}, *waiting]}
    event = sample.add(IDLE + 2 * sample.beat, "process.stacks", cell, pid, at="mid-idle", host_pid=20000 + pid, threads=threads)
    return event.model_copy(update={"text": f"process {pid} in {native[0][0]}"})


def cell(
    sample: Sample, name: str, send: str = "kept", listen: str | None = None, cause: str = "", why: str = "", outcome: str | None = None,
    notes: tuple[str, ...] = (), disagreements: tuple[model.Disagreement, ...] = (), dump: bool = True, extra: str = "", connections: bool = True, **changes: Any,
) -> model.CellVerdict:
    """One cell with its requests, connections, stacks and verdict."""
    listen = listen or send
    tokens = name.split("-")
    factors = {
        "server": tokens[0], "mode": "embedded" if "embedded" in tokens else "daemon", "model": "native" if "native" in tokens else "eventlet",
        "thread": "os" if "native" in tokens else "pthread" if "pthread" in tokens else "green", "oslo": "17.3.2",
    }
    opened, pid = T0 + 5 + 0.07 * len(sample.cells), 23 + len(sample.cells)
    lost = "lost" in (send, listen)
    sample.add(T0 + 0.5, "cell.state", name, state="starting")
    sample.add(T0 + 3.5, "cell.state", name, state="ready")
    sample.add(opened - 0.2, "request", name, pid, phase="open", what="facts", method="GET", path="/facts", status=200, ms=21.4, thread=pid, request_id="r0", error=None)
    sample.add(opened - 0.01, "request", name, pid, phase="open", what="cast", method="POST", path="/cast", status=200, ms=188.0, thread=pid, request_id="r1", error=None)
    sample.add(opened + 0.19, "request", name, pid, phase="open", what="call", method="POST", path="/call", status=200, ms=231.0, thread=pid, request_id="r2", error=None)
    links = []
    if connections:
        both = {"cause": cause, "why": why}
        links = [connection(sample, name, "SEND", pid, opened, send, **(both if send != "kept" else {}))]
        links.append(connection(sample, name, "LISTEN", pid, opened + 0.2, listen, **(both if listen != "kept" else {})))
    for n in range(5):
        sample.add(opened + 0.45 + n * 0.02, "request", name, pid, phase="before", what="call", method="POST", path="/call", status=200, ms=11.5 + n * 0.3, thread=pid, request_id=f"b{n}", error=None)
    sample.add(opened + 0.7, "cell.state", name, state="opened")
    evidence = [item for link in links for item in link.evidence]
    if dump:
        evidence.append(stacks(sample, name, pid, factors, extra))
    after = {"after_ms": 1043.2 if lost else 13.1, "before_ms": 12.1, "after_status": 200}
    asking = sample.idle_until + 0.3
    sample.add(asking, "request", name, pid, phase="after", what="call", method="POST", path="/call", status=200, ms=after["after_ms"], thread=pid, request_id="a0", error=None)
    if lost:
        text = "[9f1c2a] AMQP server on rabbitmq:5672 is unreachable: [Errno 104] Connection reset by peer. Trying again in 1 seconds."
        evidence.append(sample.add(asking + 0.01, "app.log", name, pid, source="app", level="ERROR", logger="oslo.messaging._drivers.impl_rabbit", text=text))
    if extra:
        evidence.append(sample.add(asking + 0.02, "app.log", name, pid, source="app", level="ERROR", logger="x", text=extra))
    sample.add(sample.idle_until + 2.0, "cell.state", name, state="done")
    values: dict[str, Any] = {
        "cell": name, "factors": factors, "asked": {**factors, "heartbeat_s": sample.beat, "processes": 1, "threads": 1 if tokens[0] == "prefork" else 25},
        "observed": {"mpm": tokens[0], "mode": factors["mode"], "monkey_patched": factors["model"] == "eventlet", "heartbeat_in_pthread": factors["thread"] == "pthread", "versions": {"oslo.messaging": "17.3.2", "eventlet": "0.41.3", "mod_wsgi": "6.1.1"}},
        "disagreements": list(disagreements), "connections": links, "outcome": outcome or ("lost" if lost else send), "cause": cause,
        "why": why or "Both sides sent heartbeats throughout.", "lost_after_s": min((c.lost_after_s for c in links if c.lost_after_s), default=None),
        "cost": after, "evidence": evidence, "notes": list(notes),
    }
    verdict = model.CellVerdict(**(values | changes))
    sample.cells.append(verdict)
    return verdict


def finished(sample: Sample, folder: Path = Path("runs/synthetic"), status: str = "complete", **changes: Any) -> RunData:
    """The run with its frame around it: phases, controls, lag, versions."""
    events, names = sample.events, [c.cell for c in sample.cells]
    sample.events = []
    sample.add(
        T0, "run.start", run=sample.name, heartbed="0.1.0", heartbeat_s=sample.beat, margin_s=1.0, cells=[{"name": n, "factors": {}} for n in names], left_out=[],
        host={"hostname": "lab", "kernel": "6.1.0", "cores": 2, "memory_octets": 25769803776}, docker={"engine": "20.10.24", "compose": "2.26.1"},
        images={"rabbitmq": {"tag": "heartbed-rabbitmq", "id": "sha256:1f0c"}}, argv=["heartbed", "run", "{prefork,event}"],
    )
    for t, phase in ((T0 + 0.2, "starting"), (T0 + 4, "opening"), (IDLE, "idle"), (sample.idle_until, "asking"), (sample.idle_until + 3, "dissecting")):
        sample.add(t, "run.phase", phase=phase, **({"until": sample.idle_until} if phase == "idle" else {}))
    for n in range(int(sample.idle_until - T0)):
        sample.add(T0 + n, "machine.lag", max_ms=1.0 + (n * 7 % 5) * 0.8, steps_ms=0.0)
    silent = sample.add(IDLE + 2.96 * sample.beat, "control", "control-silent", event="closed", error="Connection reset by peer")
    if not sample.capture:
        sample.add(sample.idle_until + 3, "wire.missing", reason="tcpdump was not permitted to open the network")
    if status != "killed":
        sample.add(sample.idle_until + 4, "run.end", status=status, reason=None)
    shift = len(sample.events)
    sample.events += [Event(e.kind, e.t, e.cell, e.pid, e.conn, e.data, e.line + shift) for e in events]
    cells = [model.CellVerdict.model_validate(shifted(c.model_dump(), shift)) for c in sample.cells]
    lost = [c for c in cells if c.outcome == "lost"]
    values: dict[str, Any] = {
        "run": sample.name, "heartbed": "0.1.0", "started": T0, "ended": None if status == "killed" else sample.idle_until + 4, "status": status, "heartbeat_s": sample.beat,
        "host": {"hostname": "lab", "kernel": "6.1.0", "cores": 2}, "docker": {"engine": "20.10.24"}, "images": {"rabbitmq": {"tag": "heartbed-rabbitmq", "id": "sha256:1f0c"}},
        "versions": {"rabbitmq": "4.0.5", "mod_wsgi": "6.1.1", "httpd": "2.4.68", "oslo.messaging": "17.3.2"},
        "controls": [
            {"name": "control-silent", "expected": "closed by the broker after 4 to 6 s", "observed": "closed after 5.92 s", "ok": True, "evidence": [silent]},
            {"name": "control-beating", "expected": "kept", "observed": "kept, 9 heartbeats", "ok": True, "evidence": []},
        ],
        "lag": {"max_ms": 4.2, "p99_ms": 3.4, "samples": 18}, "cells": cells, "left_out": [{"name": "prefork-native-pthread", "reason": "native has no choice of heartbeat thread"}],
        "outcome": "lost" if lost else "kept", "reason": "",
        "answer": f"{len(cells) - len(lost)} of {len(cells)} configurations keep their connections; {len(lost)} lose them, because nothing runs eventlet's hub while httpd waits.",
        "missing": [] if sample.capture else ["the wire: tcpdump was not permitted to open the network"],
    }
    return RunData(model.RunVerdict(**(values | changes)), tuple(sample.events), folder)


def shifted(values: Any, shift: int) -> Any:
    """Line numbers of evidence moved behind the lines that were put in front."""
    if isinstance(values, dict):
        return {k: v + shift if k == "line" and v else shifted(v, shift) for k, v in values.items()}
    return [shifted(v, shift) for v in values] if isinstance(values, list) else values


HUB = "The heartbeat green thread last ran {0:.1f} s after the request; its OS thread has been in accept4 of mod_mpm_prefork since, where no hub runs."
COMPARISON = [f"{s}-{m}-{x}" for s in ("prefork", "event") for m in ("embedded", "daemon") for x in ("eventlet", "eventlet-pthread", "native")]


def comparison(names: list[str] | None = None, name: str = "20251229-092000") -> RunData:
    """Twelve cells in two columns; three of them lost, one of them only its LISTEN connection."""
    sample = Sample(name)
    for n, full in enumerate(names or COMPARISON):
        fate = {"prefork-embedded-eventlet": ("lost", "lost"), "prefork-daemon-eventlet": ("lost", "lost"), "event-daemon-eventlet": ("kept", "lost")}
        send, listen = fate.get(full, ("kept", "kept")) if names is None else [("lost", "lost"), ("kept", "kept"), ("kept", "lost")][n % 3]
        lost = "lost" in (send, listen)
        cell(sample, full, send, listen, cause="hub_not_run" if lost else "", why=HUB.format(0.1 + n / 100) if lost else "")
    return finished(sample)


def every_verdict() -> RunData:
    """One cell for every cause and every outcome."""
    sample = Sample("20251229-101500")
    cell(sample, "event-daemon-native")
    asked = model.Disagreement(what="mpm", asked="prefork", observed="event")
    stories: dict[str, dict[str, Any]] = {
        "hub_not_run": {"send": "lost", "why": HUB.format(0.1)},
        "no_heartbeat_thread": {"send": "lost", "why": "No thread named Rabbit-heartbeat was ever started in process 24."},
        "heartbeat_disabled": {"outcome": "inconclusive", "send": "inconclusive", "why": "The connection was opened with a heartbeat timeout of 0: neither side would notice a dead peer."},
        "option_unknown": {"send": "lost", "why": "oslo.messaging 18.3.0 has no option heartbeat_in_pthread, so setting it does nothing."},
        "process_gone": {"send": "inconclusive", "why": "Process 27 ended 3.1 s into the idle period (spare child trimmed)."},
        "pool_expiry": {"send": "inconclusive", "why": "The pool closed the connection after conn_pool_ttl."},
        "client_closed": {"send": "inconclusive", "why": "The client closed the connection with a FIN."},
        "broker_closed": {"send": "inconclusive", "why": "RabbitMQ was restarted and closed all connections."},
        "network": {"send": "inconclusive", "why": "The capture shows no packet in either direction for 9 s."},
        "not_as_asked": {"send": "inconclusive", "why": "Asked for the MPM prefork, but event is running.", "disagreements": (asked,)},
        "no_connection": {"send": "inconclusive", "why": "The cast was answered with 500 and no connection was opened.", "connections": False, "dump": False},
        "call_timed_out": {"send": "hung", "why": "The first call after the idle period got no answer within 30 s.", "cost": {"before_ms": 12.0, "after_ms": 30000.0, "after_status": 504, "after_error": "MessagingTimeout"}},
        "replaced": {"send": "kept", "listen": "inconclusive", "why": "A second connection took its place 4.0 s into the idle period."},
        "short_observation": {"send": "inconclusive", "why": "Idle for 3.0 s only, less than three timeouts."},
        "unexplained": {"send": "lost", "why": "Closed by the broker although heartbeats were sent.", "beats": True},
    }
    for n, (cause, story) in enumerate(stories.items()):
        story.pop("beats", None)
        cell(sample, f"{('prefork', 'event')[n % 2]}-daemon-eventlet-threads{n + 1}", cause=cause, notes=("kolla sets an option that this version does not know",) if n == 3 else (), **story)
    return finished(sample)


def hostile() -> RunData:
    """Names, logs, stacks and reasons that try to become markup."""
    sample = Sample("20251229-110000")
    cell(sample, f"prefork-{HOSTILE}", "lost", cause=HOSTILE, why=HOSTILE, notes=(HOSTILE,), extra=HOSTILE, disagreements=(model.Disagreement(what=HOSTILE, asked=HOSTILE, observed=HOSTILE),))
    cell(sample, "event-daemon-native", extra=HOSTILE)
    return finished(sample, answer=HOSTILE, missing=[HOSTILE], reason=HOSTILE, versions={HOSTILE: HOSTILE})


def without_capture() -> RunData:
    """Nothing was captured on the wire, and no stack could be taken."""
    sample = Sample("20251229-120000", capture=False)
    cell(sample, "prefork-daemon-eventlet", "lost", cause="hub_not_run", why=HUB.format(0.1), dump=False)
    cell(sample, "event-daemon-eventlet")
    return finished(sample)


def interrupted() -> RunData:
    """Killed before anything idled: a verdict on little."""
    sample = Sample("20251229-130000")
    for name in ("prefork-daemon-eventlet", "event-daemon-eventlet"):
        sample.add(T0 + 0.5, "cell.state", name, state="starting")
        values: dict[str, Any] = {"factors": {"server": name.split("-")[0]}, "asked": {}, "observed": {}, "disagreements": [], "connections": [], "evidence": []}
        sample.cells.append(model.CellVerdict(cell=name, outcome="inconclusive", cause="no_connection", why="The run ended before a connection was opened.", lost_after_s=None, cost={"before_ms": None, "after_ms": None, "after_status": None}, **values))
    run = finished(sample, status="killed", outcome="inconclusive", reason="the run was killed while cells were starting", answer="No verdict: the run was killed while cells were starting.", lag={"max_ms": None, "p99_ms": None, "samples": 0}, controls=[])
    early = tuple(event for event in run.events if event.t < T0 + 1)
    return RunData(run.verdict, early, run.folder)


def many(count: int) -> RunData:
    """A run of that many cells, for measuring."""
    return comparison([f"{('prefork', 'event')[n % 2]}-daemon-eventlet-threads{n // 2 + 1}" for n in range(count)])


SAMPLES: dict[str, Callable[[], RunData]] = {
    "comparison": comparison, "every-verdict": every_verdict, "hostile": hostile, "without-capture": without_capture, "interrupted": interrupted,
}


def write(run: RunData, folder: Path) -> None:
    """The run's folder as the program would leave it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "record.jsonl").unlink(missing_ok=True)
    with Writer(folder) as writer:
        for event in run.events:
            writer.write(event)
    (folder / "verdicts.json").write_text(json.dumps(run.verdict.model_dump(mode="json"), indent=2))


if __name__ == "__main__":
    for label, make in SAMPLES.items():
        write(make(), Path(sys.argv[1]) / label)
