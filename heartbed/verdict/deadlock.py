"""Threads that wait for ever in one of eventlet's locks.

eventlet makes a lock for one OS thread: who waits in it switches to the hub
of its own thread. Where another OS thread releases it, its attempt to wake
the one that waits ends in ``greenlet.error: Cannot switch to a different
thread``, and the one that waits is never woken. Monkey patching makes such
locks of all that were native: those of logging, of caches, of pools.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heartbed.record.connection import ConnectionHistory, Purpose
from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppLog, Frame, Greenlet, ProcessGreenlets, ProcessStacks
from heartbed.verdict import stack
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, lost
from heartbed.verdict.values import Evidence

REFUSED = "Cannot switch to a different thread"
LOGGING = "logging/__init__.py"
OPENS = ("ensure_connection", "establish_connection", "connect")
"""Functions of oslo.messaging, kombu and amqp that open a connection."""


@dataclass(frozen=True)
class Waiter:
    """A green thread that waits for ever: of which OS thread, for which connection, where, and what shows it."""

    tid: int | None
    conn: str | None
    greenlet: Greenlet
    where: str
    lock: str
    dump: Event[ProcessGreenlets]
    refused: Event[AppLog] | None

    @property
    def words(self) -> str:
        """Which thread waits where, for what."""
        who = "a green thread" if self.tid is None else f"OS thread {self.tid}"
        return f"{who} is suspended in {self.lock}, in {self.where}"

    @property
    def evidence(self) -> list[Evidence]:
        """The dump, and the application's own words on the failure to wake it."""
        said = cite(self.refused, f"the application's log: {REFUSED}")
        return cite(self.dump, f"{self.dump.data.at}: {self.words}") + said


def waiters(dumps: Sequence[Event[ProcessGreenlets]], cell: CellHistory) -> list[Waiter]:
    """All that wait for ever, each as it was first seen."""
    found: dict[tuple[object, ...], Waiter] = {}
    waiting = cell.once(_waiting)
    for dump in dumps:
        for waiter in waiting[id(dump)]:
            if _for_ever(waiter, dumps):
                found.setdefault((dump.pid, waiter.tid, waiter.where), waiter)
    return list(found.values())


def wedged(dumps: Sequence[Event[ProcessGreenlets]], said: Sequence[Event[AppLog]]) -> bool:
    """Whether in every process that these dumps are of something waits for ever; ``said`` is what the cell logged."""
    waiting = [waiter for dump in dumps for waiter in _waiting_in(dump, said)]
    held = {waiter.dump.pid for waiter in waiting if _for_ever(waiter, dumps)}
    return bool(held) and held == {dump.pid for dump in dumps}


def _waiting(cell: CellHistory) -> dict[int, list[Waiter]]:
    """What waits in a green lock, for ever or not, in each of a cell's dumps, by the event's ``id``."""
    # Which of several processes has printed what bears no number nobody knows.
    said = [each for each in cell.of(AppLog) if each.pid is not None or cell.asked.processes < 2]
    return {id(dump): _waiting_in(dump, said) for dump in cell.of(ProcessGreenlets)}


def _waiting_in(dump: Event[ProcessGreenlets], said: Sequence[Event[AppLog]]) -> list[Waiter]:
    waiting = (_waiter(greenlet, dump, said) for greenlet in dump.data.greenlets)
    return [waiter for waiter in waiting if waiter is not None]


def _waiter(greenlet: Greenlet, dump: Event[ProcessGreenlets], said: Sequence[Event[AppLog]]) -> Waiter | None:
    lock = None if greenlet.dead else stack.green_lock(greenlet.frames)
    wants = None if lock is None else stack.wanting(greenlet.frames, lock)
    if wants is None:
        return None
    kind = (
        "logging's lock, which eventlet has made green" if wants.file.endswith(LOGGING) else "one of eventlet's locks"
    )
    where = _on_behalf(greenlet.frames[greenlet.frames.index(wants) :])
    return Waiter(greenlet.tid, greenlet.conn, greenlet, where, kind, dump, _refused(said, dump))


def _on_behalf(frames: Sequence[Frame]) -> str:
    """Who wanted the lock: the innermost frame that is not logging's own, and oslo.messaging's that it works for."""
    telling = [frame for frame in frames if not frame.file.endswith(LOGGING)] or list(frames)
    of_oslo = next((frame for frame in telling if stack.OSLO in frame.file), telling[0])
    works_for = f", called by {stack.named(of_oslo)}" if of_oslo is not telling[0] else ""
    return f"{stack.named(telling[0])}{works_for}"


def _for_ever(waiter: Waiter, dumps: Sequence[Event[ProcessGreenlets]]) -> bool:
    """Whether nothing can wake it: that was tried in vain, or its thread's hub has nothing to do, or it stays there."""
    hubs = [hub for hub in waiter.dump.data.hubs if hub.tid == waiter.tid]
    if waiter.refused is not None or (hubs and not any(hub.timers or hub.listeners for hub in hubs)):
        return True
    later = [dump for dump in dumps if dump.pid == waiter.dump.pid and dump.t > waiter.dump.t]
    return any(
        waiter.tid == each.tid and waiter.greenlet.frames == each.frames for d in later for each in d.data.greenlets
    )


def refuses(said: Event[AppLog]) -> bool:
    """Whether the application says that a thread could not be woken."""
    return REFUSED in said.data.text


def _refused(said: Sequence[Event[AppLog]], dump: Event[ProcessGreenlets]) -> Event[AppLog] | None:
    """The application's word that a thread could not be woken, said of the dump's process before it was made."""
    of_it = (e for e in said if e.pid in (dump.pid, None) and e.t <= dump.t)
    return next((e for e in of_it if refuses(e)), None)


def of_connection(conn: ConnectionHistory, cell: CellHistory) -> Waiter | None:
    """The one that waits for ever and should send this connection's heartbeats, or works on it, or holds it."""
    found = waiters(cell.looks_at(ProcessGreenlets, conn), cell)
    ties = (_works_on, _beats_for, _opens, _holds)
    return next((waiter for tied in ties for waiter in found if tied(waiter, conn, cell)), None)


def _works_on(waiter: Waiter, conn: ConnectionHistory, cell: CellHistory) -> bool:
    del cell
    return waiter.conn == conn.conn


def _beats_for(waiter: Waiter, conn: ConnectionHistory, cell: CellHistory) -> bool:
    del cell
    return waiter.conn is None and stack.beating(waiter.greenlet.frames, conn.purpose) is not None


def _opens(waiter: Waiter, conn: ConnectionHistory, cell: CellHistory) -> bool:
    """Whether it was opening a connection, of which nothing is known but that it was not opened to its end."""
    del cell
    opening = any(stack.function(frame) in OPENS for frame in waiter.greenlet.frames)
    return conn.purpose is Purpose.UNKNOWN and waiter.conn is None and opening


def _holds(waiter: Waiter, conn: ConnectionHistory, cell: CellHistory) -> bool:
    """Whether it keeps the lock of a connection, behind which a native heartbeat thread waits."""
    of_oslo = waiter.conn is None and any(stack.OSLO in frame.file for frame in waiter.greenlet.frames)
    return of_oslo and conn.purpose is not Purpose.LISTEN and locked_out(cell.looks_at(ProcessStacks, conn)) is not None


def locked_out(stacks: Sequence[Event[ProcessStacks]]) -> tuple[int, str, Event[ProcessStacks]] | None:
    """The OS thread that should beat, when it waits for the connection's lock; its number, the frame and the event."""
    for event in stacks:
        for thread in event.data.threads:
            waits = next((f for f in thread.frames if stack.function(f) == stack.WAITS_FOR_CONNECTION), None)
            if waits is not None and stack.beating(thread.frames, Purpose.SEND):
                return thread.tid, stack.named(waits), event
    return None


def loss(conn: ConnectionHistory, cell: CellHistory, sign: str) -> Finding | None:
    """That the heartbeats were missed because of it; ``sign`` is what was last heard of the client."""
    waiter = of_connection(conn, cell)
    if waiter is None:
        return None
    beater = locked_out(cell.looks_at(ProcessStacks, conn)) if _holds(waiter, conn, cell) else None
    if beater is not None:
        why = (
            f"two threads block each other: the heartbeat's OS thread {beater[0]} waits for the connection's lock in "
            f"{beater[1]}, and the request that holds it is suspended for good in {waiter.lock}, which another "
            f"OS thread has released but cannot wake it from (thread {waiter.tid}, in {waiter.where}); {sign}"
        )
        waits = cite(beater[2], f"{beater[2].data.at}: OS thread {beater[0]} waits in {beater[1]}")
        return lost(Cause.DEADLOCK, why, *waits, *waiter.evidence)
    does = "should send its heartbeats" if stack.beating(waiter.greenlet.frames, conn.purpose) else "works on it"
    why = f"the thread that {does} waits for ever: {waiter.words}, which no other OS thread can wake it from; {sign}"
    return lost(Cause.DEADLOCK, why, *waiter.evidence)


def behind(hung: Event, cell: CellHistory) -> Iterator[Waiter]:
    """Those that wait for ever and were seen to after a request was sent that got no reply."""
    dumps = [e for e in cell.of(ProcessGreenlets) if e.data.error is None and e.t >= hung.t]
    yield from waiters(dumps, cell)
