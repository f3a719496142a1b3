"""Why RabbitMQ missed a client's heartbeats: the rules, the first that finds something decides.

Only what was seen of the process before it was used again counts (``CellHistory.looks_at``): later it tells of the
next connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from heartbed.kernel.threads import DUMPER
from heartbed.record.connection import ConnectionHistory, Purpose
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import ProcessGreenlets, ProcessStacks
from heartbed.verdict import deadlock, disturbance, foreign, location, pages, stack
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, lost, unknown
from heartbed.wording import seconds

Rule = Callable[[ConnectionHistory, CellHistory], Finding | None]


def of_missed_heartbeats(conn: ConnectionHistory, cell: CellHistory) -> Finding:
    """The cause of a loss that RabbitMQ itself put down to missed heartbeats."""
    found = next(finding for rule in RULES if (finding := rule(conn, cell)) is not None)
    if cell.asked.factors.get("thread") == "pthread" and cell.said.heartbeat_in_pthread_exists is False:
        version = cell.libraries.get("oslo.messaging", "this version")
        why = f"heartbeat_in_pthread was asked for, but oslo.messaging {version} has no such option; {found.why}"
        # Its heartbeat thread is what it always is: that explains what was proven of a green one, and nothing else.
        code = Cause.OPTION_UNKNOWN if found.cause is Cause.HUB_NOT_RUN else found.cause
        return replace(found, cause=code, why=why)
    return found


def last_sign(conn: ConnectionHistory, cell: CellHistory) -> str:
    """What the client sent since the last request was answered, in words."""
    if cell.idle_from is None or not conn.captured(cell.idle_from if conn.closed is None else conn.closed):
        return "there is no whole capture of what it sent"
    if conn.closed is not None and conn.closed <= cell.idle_from:
        before_s = seconds(cell.idle_from - conn.closed)
        return f"RabbitMQ closed it {before_s} before the last request was answered"
    sent = [f for f in conn.frames("client") if cell.idle_from < f.t <= (conn.closed or f.t)]
    # Pages are requests, too. What is said here counts from the last one that needs RabbitMQ.
    needing = " that needs RabbitMQ" if pages.asked(cell) else ""
    if not sent:
        return f"it sent not one octet after the last request{needing} was answered"
    return f"it was last heard {seconds(sent[-1].t - cell.idle_from)} after the last request{needing} was answered"


def _not_acknowledged(conn: ConnectionHistory, cell: CellHistory) -> Finding | None:
    """The client did send: its socket held octets to the end that RabbitMQ had not acknowledged."""
    del cell
    return disturbance.not_acknowledged(conn)


def _deadlock(conn: ConnectionHistory, cell: CellHistory) -> Finding | None:
    """The thread that beats, or one that it waits for, is suspended for ever in a lock of eventlet's."""
    return deadlock.loss(conn, cell, last_sign(conn, cell))


def _hub_not_run(conn: ConnectionHistory, cell: CellHistory) -> Finding | None:
    """The green thread that beats exists, and its OS thread was seen outside the hub each time."""
    dumps = cell.looks_at(ProcessGreenlets, conn)
    beater = location.beater(dumps, conn.conn, conn.purpose) or location.holder(dumps, conn.conn)
    if beater is None or beater.tid is None:
        return None
    stacks = cell.looks_at(ProcessStacks, conn)
    places = location.places(stacks, beater.tid)
    if not places or any(location.runs_hub(event, beater.tid) for event in stacks):
        return None
    first, last = places[0], places[-1]
    where = str(first) if str(first) == str(last) else f"{first}, later {last}"
    occasions = " and ".join(dict.fromkeys(event.data.at for event in stacks))
    reads = "reads it and should send its heartbeats"
    does = "holds it" if beater.holds else "should send its heartbeats" if conn.purpose is Purpose.SEND else reads
    due = f", due for {seconds(beater.overdue_s)}" if beater.overdue_s and beater.overdue_s > 0 else ""
    served = pages.no_help(cell, beater, conn)
    pages_may = pages.may_have_run(cell, beater, conn, conn.closed or beater.event.t)
    why = (
        f"{'between the pages that it answers, ' if pages_may else ''}nothing runs the {beater.hub} hub: "
        f"the green thread that {does} stands still in {beater.frame}{due}, "
        f"because OS thread {beater.tid}, the only one that can resume it, sits in {where} "
        f"(seen at {occasions}){f'; {served.why}' if served else ''}; {last_sign(conn, cell)}"
    )
    evidence = cite(beater.event, f"{beater.event.data.at}: green thread suspended in {beater.frame}{due}")
    for place in (first, last):
        evidence += cite(place.event, f"{place.event.data.at}: OS thread {place.tid} is in {place}")
    found = Cause.HOLDER_STANDS_STILL if beater.holds else Cause.HUB_NOT_RUN
    return lost(found, why, *evidence, *(served.evidence if served else ()))


def _library_beats_not(conn: ConnectionHistory, cell: CellHistory) -> Finding | None:
    """The application speaks to RabbitMQ through a library that beats only when it is called."""
    return foreign.library_beats_not(conn, cell, last_sign(conn, cell))


def _no_thread(conn: ConnectionHistory, cell: CellHistory) -> Finding | None:
    """A complete look at the process shows neither a green nor an OS thread that beats for this connection."""
    dumps = [dump for dump in cell.looks_at(ProcessGreenlets, conn) if _complete(dump)]
    stacks = cell.looks_at(ProcessStacks, conn)
    pairs = [(d, s) for d in dumps for s in stacks if d.data.at == s.data.at and s.data.threads]
    # Of another client than oslo.messaging nobody knows what its heartbeat thread would look like.
    if foreign.is_one(conn) or not pairs or any(_may_beat(dump, conn) for dump in dumps):
        return None
    if any(location.beats_natively(event, conn.purpose) for event in stacks):
        return None
    why = f"the process has no thread, green or not, that sends heartbeats for this connection; {last_sign(conn, cell)}"
    dump, seen = pairs[0]
    return lost(Cause.NO_HEARTBEAT_THREAD, why, *cite(dump, "no heartbeat thread"), *cite(seen, "all threads"))


def _complete(dump: Event[ProcessGreenlets]) -> bool:
    """Whether each green thread is known by what it does: one that was not begun, or whose OS thread is not, is not."""
    return all(g.frames or g.hub_main or (g.tid is not None and g.name == "root") for g in dump.data.greenlets)


def _may_beat(dump: Event[ProcessGreenlets], conn: ConnectionHistory) -> bool:
    """Whether a thread has the name or the place of one that sends heartbeats, for this connection or for any."""
    beats = [g for g in dump.data.greenlets if "heartbeat" in g.name.lower() or stack.beating(g.frames, conn.purpose)]
    native = any("heartbeat" in thread.name.lower() and thread.name != DUMPER for thread in dump.data.threads)
    return native or any(greenlet.conn in (conn.conn, None) for greenlet in beats)


def _unexplained(conn: ConnectionHistory, cell: CellHistory) -> Finding:
    """What was seen does not tell. Where no way to lose one is known, the testbed is in doubt and not the cell."""
    native = cell.said.model == "native" and not foreign.is_one(conn)
    found = unknown if native else lost
    doubt = "; oslo.messaging on native threads has no known way to lose it, so no loss is claimed" if native else ""
    return found(Cause.UNEXPLAINED, f"{_seen(conn, cell)}; {last_sign(conn, cell)}{doubt}")


def _seen(conn: ConnectionHistory, cell: CellHistory) -> str:
    if cell.looks_at(ProcessStacks, conn):
        return "the process was looked at, but what was seen does not explain it"
    if cell.looks(ProcessStacks, conn.pid):
        return f"process {conn.pid} was looked at only after it had been used again, so the record does not say why"
    return f"no stack of process {conn.pid} was taken, so the record does not say why"


RULES: tuple[Rule, ...] = (_not_acknowledged, _deadlock, _hub_not_run, _library_beats_not, _no_thread, _unexplained)
"""In the order in which they are asked."""
