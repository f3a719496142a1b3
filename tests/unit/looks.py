"""Records of looks, written down second by second: what a test is about is all that stands in it."""

from __future__ import annotations

from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import (
    Frame,
    Kind,
    LookAsked,
    LookProcess,
    LookSocket,
    LookTick,
    ProcessStacks,
    RunEnd,
    RunStart,
    Thread,
)
from heartbed.verdict.look import judge_look
from heartbed.verdict.look.values import LookedAt, LookVerdict

START = 1000.0
PID = 7
CONN = "10.0.0.5:40001"
BROKER = "10.0.0.2:5672"
JOB = Frame(function="_heartbeat_thread_job", file="/x/site-packages/oslo_messaging/_drivers/impl_rabbit.py", line=1407)


class Looking:
    """A look that is written down. All times are seconds since its beginning."""

    def __init__(self, **asked: Any) -> None:
        self.events: list[Event] = []
        self._add(0, RunStart(run="20260101-120000", heartbed="0", probe="look"))
        self._add(0, LookAsked(ports=[5672], for_s=20, **asked))

    def _add(self, t: float, data: Kind, pid: int | None = None, conn: str | None = None) -> Looking:
        self.events.append(Event(data, START + t, pid=pid, conn=conn, line=len(self.events) + 1))
        return self

    def process(self, pid: int = PID, **values: Any) -> Looking:
        """A process of httpd's, unless said otherwise."""
        values = {"name": "apache2", "server": "httpd, prefork MPM", "group": "1", "python": "3.13", **values}
        return self._add(0, LookProcess(**values), pid)

    def socket(
        self,
        t: float,
        *,
        sent: float | None = None,
        heard: float | None = None,
        written: int = 1000,
        received: int = 500,
        conn: str = CONN,
        pid: int = PID,
        **values: Any,
    ) -> Looking:
        """A socket as it was at ``t``; ``sent`` and ``heard`` are when something last went each way."""
        moments = {"sent": sent, "heard": heard, "acked": values.pop("acked", sent)}
        told = {name: START + moment for name, moment in moments.items() if moment is not None}
        values = {"remote": BROKER, "state": "ESTABLISHED", "written": written, "received": received, **values}
        return self._add(t, LookSocket(**told, **values), pid, conn)

    def beats(self, *times: float, every_octets: int = 8, conn: str = CONN, heard: float = 0.0) -> Looking:
        """The client sends a heartbeat at each of these times, and is looked at half a second later."""
        for number, t in enumerate(times, 1):
            self.socket(t + 0.5, sent=t, heard=heard, written=1000 + every_octets * number, conn=conn)
        return self

    def heard(self, *times: float, sent: float, conn: str = CONN, unread: bool = False) -> Looking:
        """The broker sends a heartbeat at each of these times."""
        for number, t in enumerate(times, 1):
            waits = {"unread": 8 * number} if unread else {}
            self.socket(t + 0.5, sent=sent, heard=t, received=500 + 8 * number, conn=conn, **waits)
        return self

    def threads(self, *threads: Thread, t: float = 1.0, pid: int = PID, **values: Any) -> Looking:
        """Where the threads stood."""
        return self._add(t, ProcessStacks(at="look", by="py-spy", threads=list(threads), **values), pid)

    def event(self, t: float, data: Kind, pid: int | None = None, conn: str | None = None) -> Looking:
        """Anything else."""
        return self._add(t, data, pid, conn)

    def verdict(self, until: float) -> LookVerdict:
        """What it means, looked at until then."""
        self._add(until, LookTick())
        self._add(until, RunEnd(status="complete"))
        return judge_look(self.events)

    def only(self, until: float) -> LookedAt:
        """The verdict on the one connection that there is."""
        (process,) = self.verdict(until).processes
        (connection,) = process.connections
        return connection
