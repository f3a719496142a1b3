"""What the pages did that a cell was asked for in the idle period: requests that should not touch RabbitMQ.

Which process and which OS thread answered is known of each. One that was not
answered may have reached any process.
"""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.applications.requests import READY
from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import YIELDING, ProcessGreenlets, ProcessStacks, Request, WireFrame
from heartbed.verdict import location
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, kept, lost
from heartbed.verdict.location import Beater
from heartbed.wording import count

CARRIED = "heartbeats went out only while pages were being answered: between them nothing runs the hub"
USED = "the application used RabbitMQ meanwhile, so this tells nothing of pages that leave it alone"
NO_HELP = "answering a page{} did not run the hub of the thread that should send heartbeats"
NOTHING, ON_SOCKET = " that waits for nothing", " that waits for an answer on a socket"
"""Kinds of page, as far as they are known."""


def asked(cell: CellHistory) -> list[Event[Request]]:
    """The pages that the cell was asked for in the idle period; a request that needs RabbitMQ is none."""
    return [event for event in cell.requests("during") if not event.data.needs_rabbitmq]


def answered(cell: CellHistory, pid: int | None, until: float) -> list[Event[Request]]:
    """The pages that a process answered up to ``until`` (epoch seconds)."""
    return [e for e in asked(cell) if e.pid is not None and e.pid == pid and _end(e) <= until]


def beside(cell: CellHistory, pid: int | None, until: float) -> str:
    """What is to be added to a sentence about a process up to ``until``; empty where it answered no page."""
    pages = answered(cell, pid, until)
    return f", in which its process answered {count(len(pages), 'page')}" if pages else ""


def no_help(cell: CellHistory, beater: Beater | None, conn: ConnectionHistory) -> Finding | None:
    """That pages were answered and the hub was not run; None where that is not proven."""
    pages = _did_not_run(cell, beater, conn) if beater else []
    if beater is None or not pages:
        return None
    own = [page for page in pages if page.data.thread == beater.tid]
    by = "by this thread" if len(own) == len(pages) else f"{len(own) or 'none'} of them by this thread"
    last = pages[-1]
    kind = _kind(cell, last)
    remark = f" (a page{kind})" if kind else ""
    why = f"{count(len(pages), 'page')} answered since its timer was due, {by}, did not run it{remark}"
    said = f"a page, answered by OS thread {last.data.thread} while the hub's timer was due and stayed so"
    return lost(Cause.HUB_NOT_RUN, why, *cite(last, said), note=NO_HELP.format(kind))


def _kind(cell: CellHistory, page: Event[Request]) -> str:
    """What kind of page it was; of one of a user's own application nobody knows what it waits for."""
    if page.data.what == YIELDING:
        return ON_SOCKET
    return "" if cell.asked.purposes == [] and page.data.path != READY else NOTHING


def may_have_run(cell: CellHistory, beater: Beater, conn: ConnectionHistory, until: float) -> bool:
    """Whether the thread of the hub answered pages up to ``until`` of which it is not proven that they did not run it.

    Pages that were answered after the last look are taken to be like those before it.
    """
    own = [page for page in answered(cell, conn.pid, until) if page.data.thread == beater.tid]
    proven = [page for page in _did_not_run(cell, beater, conn) if page in own]
    return bool(own) and (not proven or own[0].t < proven[0].t)


def _did_not_run(cell: CellHistory, beater: Beater, conn: ConnectionHistory) -> list[Event[Request]]:
    """The pages that were answered while the hub's next timer was due, and it stayed so until a look.

    A hub that runs takes every timer that is due. The look that proves it for the most pages counts.
    """
    found: list[Event[Request]] = []
    for look in cell.looks_at(ProcessGreenlets, conn):
        overdue = location.overdue(look, beater.tid)
        if overdue is not None:
            pages = [page for page in answered(cell, conn.pid, look.t) if page.t >= look.t - overdue]
            found = max(found, pages, key=len)
    return found


def carried(conn: ConnectionHistory, cell: CellHistory, until: float) -> Finding | None:
    """What pages did for a connection that is kept; None where nothing is proven."""
    pages = answered(cell, conn.pid, until)
    since = cell.idle_from
    if not pages or since is None or not conn.captured(until):
        return None
    sent = [frame for frame in conn.frames("client") if since < frame.t <= until]
    other = [frame for frame in sent if frame.data.type != "heartbeat"]
    if other:
        why = f"the client sent {count(len(other), 'frame')} other than heartbeats in the idle period: it was used"
        said = "a frame of the client in the idle period that is no heartbeat"
        return kept(why, *cite(other[0], said), note=USED)
    return _by_its_thread(conn, cell, sent, pages)


def _by_its_thread(
    conn: ConnectionHistory, cell: CellHistory, beats: list[Event[WireFrame]], pages: list[Event[Request]]
) -> Finding | None:
    """Every heartbeat went out while the one thread that can run the hub answered a page, and it was seen outside.

    That they coincide is not enough: a thread that beats by itself does so about as often as pages are asked for.
    """
    beater = location.beater(cell.looks_at(ProcessGreenlets, conn), conn.conn, conn.purpose)
    if not beats or beater is None or beater.tid is None:
        return None
    stacks = cell.looks_at(ProcessStacks, conn)
    seen = [place for event in stacks if (place := location.place(event, beater.tid))]
    if not seen or any(location.runs_hub(event, beater.tid) for event in stacks):
        return None
    own = [page for page in pages if page.data.thread == beater.tid]
    carriers = [next((page for page in own if page.t <= beat.t <= _end(page)), None) for beat in beats]
    if None in carriers:
        return None
    why = (
        f"each of its {len(beats)} heartbeats was sent while OS thread {beater.tid} answered a page; between pages "
        f"that thread, the only one that can resume the green thread in {beater.frame}, sits in {seen[0]}"
    )
    evidence = cite(beater.event, f"{beater.event.data.at}: green thread suspended in {beater.frame}")
    evidence += cite(seen[0].event, f"{seen[0].event.data.at}: OS thread {beater.tid} is in {seen[0]}")
    for page, beat in ((carriers[0], beats[0]), (carriers[-1], beats[-1])):
        evidence += cite(page, f"a page, answered by OS thread {beater.tid} after {page.data.ms:g} ms" if page else "")
        evidence += cite(beat, f"a heartbeat of the client, in the meantime (frame {beat.data.frame})")
    return kept(why, *evidence, note=CARRIED)


def notes(cell: CellHistory, judged: Sequence[ConnectionHistory], until: float) -> list[str]:
    """Remarks on the pages: what they did, those that failed, and the processes that none has reached."""
    pages = asked(cell)
    if not pages:
        return []
    done = [done.note for conn in judged if (done := _done(conn, cell, until))]
    found = list(dict.fromkeys(done))
    failed = [page for page in pages if page.data.failed]
    if failed:
        told = dict.fromkeys(str(page.data.status or "not answered") for page in failed)
        found.append(f"{len(failed)} of {count(len(pages), 'page')} failed: {', '.join(told)}")
    pids = {conn.pid for conn in judged if conn.pid is not None}
    untouched = sorted(pid for pid in pids if not answered(cell, pid, until))
    if untouched and all(page.pid is not None for page in pages):
        which = f"process{'es' if len(untouched) > 1 else ''} {', '.join(map(str, untouched))}"
        found.append(f"no page reached {which}: nothing touched {'them' if len(untouched) > 1 else 'it'}")
    return found


def _done(conn: ConnectionHistory, cell: CellHistory, until: float) -> Finding | None:
    if conn.closed is None or conn.closed > until:
        return carried(conn, cell, until)
    beater = location.beater(cell.looks_at(ProcessGreenlets, conn), conn.conn, conn.purpose)
    if beater is None or may_have_run(cell, beater, conn, conn.closed):
        return None
    return no_help(cell, beater, conn)


def _end(page: Event[Request]) -> float:
    return page.t + page.data.ms / 1000
