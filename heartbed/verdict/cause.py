"""Why RabbitMQ missed a client's heartbeats."""

from __future__ import annotations

from dataclasses import dataclass, field

from heartbed.record.event import Event
from heartbed.record.history import CellHistory, ConnectionHistory, Purpose
from heartbed.record.kinds import ProcessGreenlets, ProcessStacks
from heartbed.verdict import foreign, location, pages
from heartbed.verdict.evidence import cite, seconds
from heartbed.verdict.values import Evidence


@dataclass(frozen=True)
class Cause:
    """A short code, a sentence, and the events that prove it."""

    code: str
    why: str
    evidence: list[Evidence] = field(default_factory=list)


def of_missed_heartbeats(conn: ConnectionHistory, cell: CellHistory) -> Cause:
    """The cause of a loss that RabbitMQ itself put down to missed heartbeats."""
    found = (
        _deadlock(conn, cell)
        or _hub_not_run(conn, cell)
        or _library_beats_not(conn, cell)
        or _no_thread(conn, cell)
        or _unexplained(conn, cell)
    )
    asked_for_pthread = cell.asked.factors.get("thread") == "pthread"
    if asked_for_pthread and cell.said.heartbeat_in_pthread_exists is False:
        version = cell.said.versions.get("oslo.messaging", "this version")
        why = f"heartbeat_in_pthread was asked for, but oslo.messaging {version} has no such option; {found.why}"
        return Cause("option_unknown", why, found.evidence)
    return found


def last_sign(conn: ConnectionHistory, cell: CellHistory) -> str:
    """What the client sent since the last request was answered, in words."""
    if not conn.captured or cell.idle_from is None:
        return "there is no capture of what it sent"
    sent = [f for f in conn.frames("client") if cell.idle_from < f.t <= (conn.closed or f.t)]
    # Pages are requests, too. What is said here counts from the last one that needs RabbitMQ.
    needing = " that needs RabbitMQ" if cell.requests("during") else ""
    if not sent:
        return f"it sent not one octet after the last request{needing} was answered"
    return f"it was last heard {seconds(sent[-1].t - cell.idle_from)} after the last request{needing} was answered"


def _deadlock(conn: ConnectionHistory, cell: CellHistory) -> Cause | None:
    """A native heartbeat thread waits for a lock whose holder waits in a green lock that two OS threads share."""
    beater = location.locked_out(cell.looks(ProcessStacks, conn.pid))
    holder = location.green_lock(cell.looks(ProcessGreenlets, conn.pid))
    if conn.purpose is not Purpose.SEND or beater is None or holder is None:
        return None
    why = (
        f"two threads block each other: the heartbeat's OS thread {beater[0]} waits for the connection's lock in "
        f"{beater[1]}, and the request that holds it is suspended for good in one of eventlet's locks, which another "
        f"OS thread has released but cannot wake it from (thread {holder[0]}, in {holder[1]}); {last_sign(conn, cell)}"
    )
    evidence = cite(beater[2], f"{beater[2].data.at}: OS thread {beater[0]} waits in {beater[1]}")
    evidence += cite(holder[2], f"{holder[2].data.at}: a request is suspended in a green lock in {holder[1]}")
    return Cause("deadlock", why, evidence)


def _hub_not_run(conn: ConnectionHistory, cell: CellHistory) -> Cause | None:
    """The green thread that beats exists, and its OS thread was seen outside the hub each time."""
    dumps = cell.looks(ProcessGreenlets, conn.pid)
    beater = location.beater(dumps, conn.conn, conn.purpose) or location.holder(dumps, conn.conn)
    if beater is None or beater.tid is None:
        return None
    # A stack taken some time after the loss still counts: until it is asked again, only the process itself could act.
    stacks = [e for e in cell.looks(ProcessStacks, conn.pid) if e.t <= (cell.asked_again or e.t)]
    places = location.places(stacks, beater.tid)
    if not places or any(location.runs_hub(event, beater.tid) for event in stacks):
        return None
    first, last = places[0], places[-1]
    where = str(first) if str(first) == str(last) else f"{first}, later {last}"
    occasions = " and ".join(dict.fromkeys(event.data.at for event in stacks))
    reads = "reads it and should send its heartbeats"
    does = "holds it" if beater.holds else "should send its heartbeats" if conn.purpose is Purpose.SEND else reads
    due = f", due for {seconds(beater.overdue_s)}" if beater.overdue_s and beater.overdue_s > 0 else ""
    served = pages.no_help(cell, beater, conn.pid)
    pages_may = pages.may_have_run(cell, beater, conn.pid, conn.closed or beater.event.t)
    why = (
        f"{'between the pages that it answers, ' if pages_may else ''}nothing runs the {beater.hub} hub: "
        f"the green thread that {does} stands still in {beater.frame}{due}, "
        f"because OS thread {beater.tid}, the only one that can resume it, sits in {where} "
        f"(seen at {occasions}){f'; {served.why}' if served else ''}; {last_sign(conn, cell)}"
    )
    evidence = cite(beater.event, f"{beater.event.data.at}: green thread suspended in {beater.frame}{due}")
    for place in (first, last):
        evidence += cite(place.event, f"{place.event.data.at}: OS thread {place.tid} is in {place}")
    evidence += served.evidence if served else []
    return Cause("holder_stands_still" if beater.holds else "hub_not_run", why, evidence)


def _library_beats_not(conn: ConnectionHistory, cell: CellHistory) -> Cause | None:
    """The application speaks to RabbitMQ through a library that beats only when it is called."""
    found = foreign.library_beats_not(conn, cell)
    return Cause("library_beats_not", f"{found[0]}; {last_sign(conn, cell)}", found[1]) if found else None


def _no_thread(conn: ConnectionHistory, cell: CellHistory) -> Cause | None:
    """A dump of the process shows neither a green nor an OS thread that beats for this purpose."""
    dumps = cell.looks(ProcessGreenlets, conn.pid)
    stacks = cell.looks(ProcessStacks, conn.pid)
    # Of another client than oslo.messaging nobody knows what its heartbeat thread would look like.
    known = not foreign.is_one(conn)
    if not known or not dumps or not stacks or location.beater(dumps, conn.conn, conn.purpose):
        return None
    if any(_beats_natively(event, conn.purpose) for event in stacks):
        return None
    why = f"the process has no thread, green or not, that sends heartbeats for this connection; {last_sign(conn, cell)}"
    return Cause("no_heartbeat_thread", why, cite(dumps[0], "no heartbeat thread") + cite(stacks[0], "all threads"))


def _beats_natively(stacks: Event[ProcessStacks], purpose: Purpose) -> bool:
    functions = location.BEATS.get(purpose, ())
    frames = [frame for thread in stacks.data.threads for frame in thread.frames]
    return any(location.function_name(frame) in functions for frame in frames)


def _unexplained(conn: ConnectionHistory, cell: CellHistory) -> Cause:
    if not cell.looks(ProcessStacks, conn.pid):
        why = f"no stack of process {conn.pid} was taken, so the record does not say why; {last_sign(conn, cell)}"
    else:
        why = f"the process was looked at, but what was seen does not explain it; {last_sign(conn, cell)}"
    return Cause("unexplained", why)
