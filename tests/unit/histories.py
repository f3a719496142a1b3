"""Builds records by hand, to judge them: each test writes down exactly what it is about.

These are inputs of unit tests. Nothing in Heartbed makes up an observation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from heartbed import probes
from heartbed.cells.app import APP
from heartbed.cells.expressions import select
from heartbed.record import kinds
from heartbed.record.event import Event, only
from heartbed.record.kinds import ProcessGreenlets, RunStart
from heartbed.verdict import judge
from heartbed.verdict.values import CellVerdict, RunVerdict

T0 = 1_700_000_000.0
TIMEOUT_S = 2
IDLE_FROM = T0 + 10.0
ASKED_AGAIN = IDLE_FROM + 3 * TIMEOUT_S + 1.0
BROKER = "172.30.0.2:5672"


@dataclass
class History:
    """A record in the making. Methods append events; ``verdict`` judges what there is."""

    cell: str = "prefork-daemon-eventlet"
    pid: int = 12
    events: list[Event] = field(default_factory=list)

    @classmethod
    def of(cls, cell: str = "prefork-daemon-eventlet", *, controls: bool = True, facts: bool = True) -> History:
        """A run of one cell that has been opened, idled and was asked again, with controls as they must be."""
        history = cls(cell=cell)
        history.start()
        if facts:
            history.facts()
        history.requests()
        if controls:
            history.controls()
        return history

    def add(self, kind: str, t: float, *, conn: str | None = None, cell: str | None = "", **data: Any) -> None:
        """Append one event; the cell is this history's unless another is named."""
        owner = self.cell if cell == "" else cell
        pid = self.pid if owner == self.cell else None
        self.events.append(Event(kinds.parse(kind, data), t, owner, pid, conn, len(self.events) + 1))

    def start(self) -> None:
        (cell,) = select([self.cell]).cells
        asked = {
            "name": cell.name,
            "factors": cell.factors,
            "versions": cell.asked_versions,
            "purposes": list(cell.purposes),
            "heartbeat_s": TIMEOUT_S if cell.heartbeat_s is None else cell.heartbeat_s,
            "processes": cell.process_count,
            "threads": cell.thread_count,
        }
        self.add(
            "run.start", T0, cell=None, run="test", heartbed="0", heartbeat_s=TIMEOUT_S, margin_s=1.0, cells=[asked]
        )
        self.add("run.phase", IDLE_FROM, cell=None, phase="idle", until=ASKED_AGAIN)

    def facts(self, **changed: Any) -> None:
        (cell,) = select([self.cell]).cells
        facts = {
            "application": APP.shows.of(cell.app),
            "mpm": cell.server,
            "mode": cell.mode,
            "model": cell.model,
            "threads": cell.thread_count,
            "heartbeat_timeout_threshold": TIMEOUT_S if cell.heartbeat_s is None else cell.heartbeat_s,
            "heartbeat_in_pthread_exists": True,
            "heartbeat_in_pthread": cell.thread == "pthread",
            "conn_pool_ttl": 1200,
            "versions": {"oslo.messaging": cell.oslo},
        }
        self.events = [event for event in self.events if event.kind != "app.facts"]
        self.add("app.facts", T0 + 5, **{**facts, **changed})

    def requests(self, *, after_status: int = 200, before_status: int = 200) -> None:
        self.events = [event for event in self.events if event.kind != "request"]
        self.add("request", IDLE_FROM - 0.5, phase="open", what="call", status=200, ms=90.0, error=None)
        self.add("request", IDLE_FROM - 0.01, phase="before", what="call", status=before_status, ms=10.0, error=None)
        self.add("request", ASKED_AGAIN, phase="after", what="call", status=after_status, ms=20.0, error=None)

    def trickle(self, *, pages: int = 6, pid: int | None = 12, thread: int | None = 77, **data: Any) -> None:
        """The run was one of the trickle probe: a page of 5 ms once a second, answered by this process and thread."""
        (start,) = only(self.events, RunStart)
        self.events[0] = replace(start, data=start.data.model_copy(update={"probe": "trickle"}))
        for second in range(1, pages + 1):
            page = {"phase": "during", "what": "page", "status": 200, "ms": 5.0, "error": None, "thread": thread}
            told = kinds.parse("request", {**page, **data})
            self.events.append(Event(told, IDLE_FROM + second, self.cell, pid, None, len(self.events) + 1))

    def connection(
        self, purpose: str, port: int, *, opened: float = IDLE_FROM - 0.4, timeout: float = TIMEOUT_S
    ) -> str:
        """A connection as the broker's events and the capture show it; returns its ``conn``."""
        conn = f"172.30.0.5:{port}"
        self.add("wire.open", opened, conn=conn, cell=None, frame=port)
        name = f"mod_wsgi:{self.pid}:{port}"
        self.add("broker.connection.created", opened, conn=conn, user_provided_name=name, timeout_s=timeout, name=conn)
        self.add("broker.channel.created", opened, conn=conn, number=1)
        if purpose == "LISTEN":
            self.add("broker.consumer.created", opened, conn=conn, queue="reply")
        self.frame(conn, opened + 0.1, "client", "method")
        return conn

    def frame(self, conn: str, t: float, sender: str, kind: str) -> None:
        data = {"frame": 1, "from": sender, "type": kind, "method": "basic.ack" if kind == "method" else None}
        self.add("wire.frame", t, conn=conn, cell=None, **data)

    def beat(self, conn: str, start: float = IDLE_FROM, end: float = ASKED_AGAIN, every: float = 0.6) -> None:
        """Heartbeats of the client in between."""
        t = start
        while t < end:
            self.frame(conn, t, "client", "heartbeat")
            t += every

    def close(
        self, conn: str, t: float, reason: str = "missed_heartbeats", *, sender: str = "broker", how: str = "rst"
    ) -> None:
        """The broker's log entry and event, and the FIN or RST."""
        if reason:
            self.add(
                "broker.log", t + 0.001, conn=conn, cell=None, level="error", reason=reason, text=f"closing: {reason}"
            )
        self.add("broker.connection.closed", t + 0.002, conn=conn, cell=None, name=conn)
        if how:
            data = {"frame": 9, "from": sender, "how": how}
            self.add("wire.close", t, conn=conn, cell=None, **data)

    def pair(self, *, beating: bool) -> tuple[str, str]:
        """Both connections of a process: kept, or lost five seconds after the last request."""
        pair = self.connection("SEND", 40001), self.connection("LISTEN", 40002)
        for conn in pair:
            if beating:
                self.beat(conn)
            else:
                self.close(conn, IDLE_FROM + 5.0)
        return pair

    def controls(self) -> None:
        for name, port in (("control-silent", 50001), ("control-beating", 50002), ("compute", 50003)):
            conn = f"172.30.0.9:{port}"
            opened = IDLE_FROM - 2.0
            self.add(
                "broker.connection.created", opened, conn=conn, cell=name, timeout_s=TIMEOUT_S, user_provided_name=name
            )
            self.frame(conn, opened + 0.1, "client", "method")
            if name == "control-silent":
                self.close(conn, opened + 0.1 + 2.9 * TIMEOUT_S)
            else:
                self.beat(conn, start=opened)
        for second in range(8):
            self.add("machine.lag", IDLE_FROM + second, cell=None, max_ms=5.0, steps_ms=0.0)

    def unobserved(self) -> None:
        """Neither broker nor wire told of the cell's connections; of the controls' they did."""
        told = ("wire.open", "wire.frame", "wire.close", "broker.connection.closed", "broker.log")
        self.events = [e for e in self.events if e.kind not in told or (e.conn or "").startswith("172.30.0.9")]
        self.add("observer.failed", IDLE_FROM + 0.5, cell=None, observer="broker_events", reason="its events ended")

    def drop(self, kind: str, **data: object) -> None:
        """Take events back."""
        self.events = [
            event
            for event in self.events
            if event.kind != kind or any(event.data.given().get(key) != value for key, value in data.items())
        ]

    def looked_at(
        self, *, syscall: str = "poll", module: str = "mod_wsgi.so", hub: bool = False, beater: bool = True
    ) -> None:
        """Stacks at mid-idle and at the loss, and a dump of greenlets."""
        native = {"function": syscall, "file": f"/usr/lib/apache2/modules/{module}", "line": 0, "native": True}
        in_hub = {"function": "wait", "file": "/venv/eventlet/hubs/poll.py", "line": 80, "native": False}
        for t, at in ((IDLE_FROM + 3.0, "mid-idle"), (IDLE_FROM + 5.0, "loss")):
            thread = {
                "tid": 77,
                "name": "apache2",
                "active": False,
                "syscall": syscall,
                "frames": [in_hub if hub else native],
            }
            self.add("process.stacks", t, at=at, host_pid=900, threads=[thread])
        file = "/venv/oslo_messaging/_drivers/impl_rabbit.py"
        frames = [{"function": "Connection._heartbeat_thread_job", "file": file, "line": 1, "native": False}]
        poll = [{"function": "ReplyWaiter.poll", "file": "/venv/oslo_messaging/_drivers/amqpdriver.py", "line": 2}]
        serve = [{"function": "serve", "file": "/app/own.py", "line": 3}]
        greenlets = [{"tid": 77, "name": "g", "dead": False, "frames": frames if beater else serve}]
        greenlets += [{"tid": 77, "name": "g", "dead": False, "frames": poll if beater else serve}]
        hubs = [{"tid": 77, "hub": "poll", "next_timer_overdue_s": 2.4, "timers": []}]
        self.add("process.greenlets", IDLE_FROM + 3.1, at="mid-idle", threads=[], hubs=hubs, greenlets=greenlets)

    def hub_due(self, overdue_s: float) -> None:
        """Since when the hub's next timer was due at the last dump, seconds."""
        at = max(n for n, event in enumerate(self.events) if isinstance(event.data, ProcessGreenlets))
        (dump,) = only([self.events[at]], ProcessGreenlets)
        hubs = [hub.model_copy(update={"next_timer_overdue_s": overdue_s}) for hub in dump.data.hubs]
        self.events[at] = replace(dump, data=dump.data.model_copy(update={"hubs": hubs}))

    def end(self, status: str = "complete") -> None:
        last = max(event.t for event in self.events)
        self.add("run.end", last + 1, cell=None, status=status, reason=None)

    @property
    def verdict(self) -> RunVerdict:
        """The verdict on the run as it stands."""
        numbered = [replace(event, line=number) for number, event in enumerate(self.events, start=1)]
        return judge(numbered, probes.rules())

    @property
    def cell_verdict(self) -> CellVerdict:
        """The verdict on its one cell."""
        return self.verdict.cells[0]
