"""Messages that never arrived: requests that were answered with success, and what they were to send was not.

Heartbed's own application says in each message for which request it is, and the
RPC server tells which have arrived. Of a user's own the capture tells how many
messages have left it, and the greenlet dump what has not begun to run.
"""

from __future__ import annotations

from heartbed.record.event import Event
from heartbed.record.history import CellHistory
from heartbed.record.kinds import ProcessGreenlets, RpcArrived
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding
from heartbed.verdict.values import Outcome
from heartbed.wording import count, seconds

NOT_BEGUN = "not started"
"""What the dump calls a green thread that has not run yet."""


def finding(cell: CellHistory, until: float) -> Finding | None:
    """That messages are missing; None where all have arrived, or nothing is proven.

    ``until`` is when the cell was asked again, or when the record ends (epoch
    seconds): what a later request has set free was not sent in time either.
    """
    return _missing(cell) if cell.asked.purposes != [] else _never_sent(cell, until)


def _missing(cell: CellHistory) -> Finding | None:
    """Casts of Heartbed's own application that the RPC server was not handed."""
    arrived = {event.data.request_id for event in cell.of(RpcArrived)} - {None}
    if not arrived:
        return None  # an older record, or the RPC server was not heard
    casts = [e for e in cell.requests("open", "before", "during") if e.data.what == "cast" and not e.data.failed]
    lost = [event for event in casts if event.data.request_id and event.data.request_id not in arrived]
    if not lost:
        return None
    first = lost[0].data
    why = (
        f"{len(lost)} of {count(len(casts), 'cast')} that were answered with {first.status} never arrived at the RPC "
        f"server, the first that of request {first.request_id}"
    )
    evidence = [piece for event in lost for piece in cite(event, f"a cast, answered with {event.data.status}")]
    return Finding(Outcome.FAILED, Cause.CAST_LOST, why, tuple(evidence))


def _never_sent(cell: CellHistory, until: float) -> Finding | None:
    """No message at all has left a user's own application, and a green thread was seen that has not begun to run.

    Where some have left, which of its requests send one is not known.
    """
    asked = [e for e in cell.requests("open", "before") if e.data.needs_rabbitmq and not e.data.failed]
    if not asked or not _tells_nothing_sent(cell, until):
        return None
    dump = next((look for look in cell.of(ProcessGreenlets) if look.t <= until and _not_begun(look)), None)
    if dump is None:
        return None
    waiting, last = _not_begun(dump), asked[-1]
    why = (
        f"{count(len(asked), 'request')} that should make the application use RabbitMQ got {last.data.status}, and no "
        f"message had left it {seconds(until - asked[0].t)} later: {count(waiting, 'green thread')} that was started "
        f"has not begun to run, because nothing runs the hub after the answer"
    )
    evidence = cite(last, f"answered with {last.data.status}")
    evidence += cite(dump, f"{dump.data.at}: {count(waiting, 'green thread')} not begun")
    return Finding(Outcome.FAILED, Cause.CAST_LOST, why, tuple(evidence))


def _tells_nothing_sent(cell: CellHistory, until: float) -> bool:
    """Whether the record tells that the cell published nothing: each of its connections is in the capture."""
    frames = [frame for conn in cell.connections for frame in conn.frames("client")]
    published = any(frame.data.method == "basic.publish" and frame.t <= until for frame in frames)
    return not published and all(conn.captured for conn in cell.connections)


def _not_begun(look: Event[ProcessGreenlets]) -> int:
    return sum(each.name == NOT_BEGUN for each in look.data.greenlets)
