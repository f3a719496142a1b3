"""Messages that never arrived: requests that were answered with success, and what they were to send was not.

Heartbed's own application says in each message for which request it is, and the
RPC server tells which have arrived. Of a user's own the capture tells how many
messages have left it, and the greenlet dump what has not begun to run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Frame, ProcessGreenlets, Request, RpcArrived
from heartbed.verdict import stack
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding
from heartbed.verdict.values import Outcome
from heartbed.wording import count, seconds

SENDERS = {
    "/oslo_messaging/rpc/client.py": ("cast", "call"),
    "/oslo_messaging/notify/notifier.py": ("_notify",),
    "/kombu/messaging.py": ("publish",),
}
"""Files of client libraries -> functions that are entered to send a message."""

NOT_BEGUN = "not started"
"""What the dump calls a green thread that has not run yet."""


def finding(cell: CellHistory, until: float) -> Finding | None:
    """That messages are missing; None where all have arrived, or nothing is proven.

    ``until`` is when the cell was asked again, or when the record ends (epoch
    seconds): what a later request has set free was not sent in time either.
    """
    return _missing(cell) if cell.asked.purposes != [] else _never_sent(cell, until)


def besides(cell: CellHistory, until: float, told: Finding) -> tuple[Finding, list[str]]:
    """What is told of the cell, with the messages that never arrived; as a note where nothing is held against it."""
    missing = finding(cell, until) if told.cause is not Cause.CAST_LOST else None
    if missing is None:
        return told, []
    if not told.outcome.bad:
        return told, [missing.why]
    why = f"{told.why}; besides, {missing.why}"
    return replace(told, why=why, evidence=(*told.evidence, *missing.evidence)), []


def lost(sent: Iterable[Event[Request]], cell: CellHistory) -> list[Event[Request]] | None:
    """Of casts that were answered with a success, those whose message the RPC server was never handed.

    It must have been handed a later one of the cell: else it may not have been heard any more. None where nothing can
    be known: the server was not heard at all, or the answers bear no number of their request.
    """
    arrived = {event.data.request_id: event.t for event in cell.of(RpcArrived) if event.data.request_id is not None}
    begun = {event.data.request_id: event.t for event in cell.of(Request)}
    heard_until = max((begun.get(number, t) for number, t in arrived.items()), default=-math.inf)
    casts = successes(sent)
    named = [event for event in casts if event.data.request_id]
    if not arrived or (casts and not named):
        return None
    missing = [event for event in named if event.data.request_id not in arrived]
    return [event for event in missing if event.t + event.data.ms / 1000 <= heard_until]


def successes(sent: Iterable[Event[Request]]) -> list[Event[Request]]:
    """The casts that were answered with a success."""
    return [e for e in sent if e.data.what == "cast" and e.data.status is not None and not e.data.failed]


def _missing(cell: CellHistory) -> Finding | None:
    """Casts of Heartbed's own application that the RPC server was not handed."""
    sent = cell.requests("open", "before", "during")
    gone = lost(sent, cell)
    if not gone:
        return None
    casts, first = successes(sent), gone[0].data
    why = (
        f"{len(gone)} of {count(len(casts), 'cast')} that were answered with {first.status} never arrived at the RPC "
        f"server, the first that of request {first.request_id}"
    )
    evidence = [piece for event in gone for piece in cite(event, f"a cast, answered with {event.data.status}")]
    return Finding(Outcome.FAILED, Cause.CAST_LOST, why, tuple(evidence))


def _never_sent(cell: CellHistory, until: float) -> Finding | None:
    """Fewer messages have left a user's own application than requests were answered, and what should send stands still.

    Which of its requests send a message nobody knows: a green thread that was seen not to have begun, or in the middle
    of sending, is the proof.
    """
    asked = [e for e in cell.requests("open", "before") if e.data.needs_rabbitmq and not e.data.failed]
    sent = _published(cell, until)
    stuck = next((look for look in _last_looks(cell, until) if _standing(look)), None)
    if sent is None or sent >= len(asked) or stuck is None:
        return None
    last, how_many = asked[-1], sum(_standing(look) for look in _last_looks(cell, until))
    why = (
        f"{count(len(asked), 'request')} that should make the application use RabbitMQ got {last.data.status}, and "
        f"{count(sent, 'message')} had left it {seconds(until - last.t)} after the last of them: "
        f"{count(how_many, 'green thread')} had not begun to run or stood still in the middle of sending, since "
        "nothing runs the hub once a request is answered"
    )
    evidence = cite(last, f"answered with {last.data.status}")
    evidence += cite(stuck, f"{stuck.data.at}: {count(_standing(stuck), 'green thread')} not begun or within sending")
    return Finding(Outcome.FAILED, Cause.CAST_LOST, why, tuple(evidence))


def _published(cell: CellHistory, until: float) -> int | None:
    """How many messages have left the cell; None where not all of its connections are in the capture."""
    if not all(conn.captured(until) for conn in cell.connections if conn.answered and conn.opened <= until):
        return None
    frames = [frame for conn in cell.connections for frame in conn.frames("client") if frame.t <= until]
    return sum(frame.data.method == "basic.publish" for frame in frames)


def _last_looks(cell: CellHistory, until: float) -> list[Event[ProcessGreenlets]]:
    """The last dump of each process before the cell was asked again."""
    looks = [look for look in cell.of(ProcessGreenlets) if look.t <= until and look.data.error is None]
    return list({look.pid: look for look in looks}.values())


def _standing(look: Event[ProcessGreenlets]) -> int:
    """Green threads that have not begun to run, or are suspended within a call that sends."""
    return sum(each.name == NOT_BEGUN or any(map(_sends, each.frames)) for each in look.data.greenlets)


def _sends(frame: Frame) -> bool:
    return any(frame.file.endswith(file) and stack.function(frame) in functions for file, functions in SENDERS.items())
