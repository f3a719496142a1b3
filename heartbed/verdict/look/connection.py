"""The verdict on one connection that was looked at: rules of which the first that finds something decides.

RabbitMQ counts the octets that it receives once a timeout, and closes after two counts without change: between two
and three timeouts after the client's last octet (``rabbit_heartbeat.erl``). A client that has sent nothing for a
whole timeout has left out at least one heartbeat.
"""

from __future__ import annotations

from heartbed.record.looked import LookedConnection, LookHistory
from heartbed.verdict.connection import SAMPLING_TOLERANCE
from heartbed.verdict.evidence import cite, in_order
from heartbed.verdict.look.case import Case, Found, Rule, ago, of_timeout
from heartbed.verdict.look.closing import closed, closed_at
from heartbed.verdict.look.timeout import JITTER
from heartbed.verdict.look.values import LookedAt, LookOutcome, Timeout
from heartbed.wording import count, seconds

OPENING = ("SYN_SENT", "SYN_RECV")
ENDING = ("FIN_WAIT1", "FIN_WAIT2", "LAST_ACK", "CLOSING", "CLOSE", "TIME_WAIT")
"""States of a socket that the process itself has closed."""


def judge_connection(connection: LookedConnection, look: LookHistory, timeout: Timeout | None) -> LookedAt:
    """The verdict on one connection, whose heartbeat timeout is that as far as it is known."""
    last, until = connection.last.data, look.until
    case = Case(connection, look, until, timeout)
    found = next(found for rule in RULES if (found := rule(case)) is not None)
    since = found.since if timeout else None
    at = closed_at(connection) if found.outcome is LookOutcome.CLOSED else None
    return LookedAt(
        conn=connection.conn,
        remote=last.remote,
        pid=connection.pid,
        pids=last.pids,
        name=connection.broker.name if connection.broker else None,
        state=last.state,
        open_for_s=_open_for(connection, until),
        sent_ago_s=ago(last.sent, until),
        heard_ago_s=ago(last.heard, until),
        longest_silence_s=_rounded(connection.longest_silence_s(at or until)),
        unread=last.unread,
        unacked=last.unacked,
        beats=sum(each.count for each in connection.beats),
        timeout=timeout,
        silent_seen=_silent_seen(case, at),
        closes_from=since + 2 * timeout.least_s if since and timeout else None,
        closes_until=since + 3 * timeout.most_s if since and timeout else None,
        closed=at,
        outcome=found.outcome,
        why=found.why,
        evidence=in_order(found.evidence),
    )


def _silent_seen(case: Case, closed: float | None) -> float | None:
    """When a look at the sockets first showed the silence that lasts: the first one after a whole timeout of it."""
    if case.timeout is None or case.timeout.off or case.last.sent is None:
        return None
    due = case.last.sent + case.timeout.most_s
    if due >= (closed or case.until):
        return None
    return max(due, case.connection.first.t)


def _open_for(connection: LookedConnection, until: float) -> float | None:
    broker = connection.broker
    if broker is not None and broker.connected is not None:
        return _rounded(until - broker.connected)
    first = connection.first
    known = [t for t in (first.t, first.data.sent, first.data.heard) if t is not None]
    return _rounded(until - min(known))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _ended(case: Case) -> Found | None:
    """Its process has ended, or has closed it."""
    last = case.last
    if case.connection.pid in case.look.gone:
        return Found(LookOutcome.CANNOT_TELL, "its process ended during the look")
    if last.state in ENDING or (last.state == "CLOSED" and not last.held):
        return Found(LookOutcome.CANNOT_TELL, "the process itself has closed it")
    return None


def _opening(case: Case) -> Found | None:
    """It is not open yet."""
    if case.last.state not in OPENING:
        return None
    return Found(LookOutcome.CANNOT_TELL, "it is being opened, and the broker has not answered yet")


def _off(case: Case) -> Found | None:
    """There are no heartbeats: nobody closes an idle connection, and nobody notices a dead one."""
    if case.timeout is None or not case.timeout.off:
        return None
    why = f"heartbeats are switched off ({case.timeout.source}): RabbitMQ closes no idle connection, and neither side "
    return Found(LookOutcome.OFF, f"{why}notices a dead peer")


def _not_told(case: Case) -> Found | None:
    """The kernel does not tell when it was last used."""
    if case.silence_s is not None:
        return None
    return Found(LookOutcome.CANNOT_TELL, "this kernel does not tell when a connection was last used")


def _not_acknowledged(case: Case) -> Found | None:
    """What the client sends does not reach the broker."""
    last, timeout = case.last, case.timeout
    if not last.unacked or last.acked is None or timeout is None or case.until - last.acked <= timeout.most_s:
        return None
    why = (
        f"it has written {count(last.unacked, 'octet')} that the broker has not acknowledged; it was last heard of "
        f"{seconds(case.until - last.acked)} ago: the network, or the broker, and not the client's heartbeat"
    )
    return Found(
        LookOutcome.SILENT, why, tuple(cite(case.connection.last, "written, and not acknowledged")), last.acked
    )


def _dead(case: Case) -> Found | None:
    """Silent for longer than RabbitMQ would have borne, and yet open."""
    timeout, silence = case.timeout, case.silence_s or 0.0
    if timeout is None or silence <= 3 * timeout.most_s * (1 + SAMPLING_TOLERANCE):
        return None
    heard = ago(case.last.heard, case.until)
    long = f"the client has sent nothing for {seconds(silence)}, more than three timeouts{of_timeout(timeout)}"
    if heard is not None and heard > 3 * timeout.most_s:
        why = f"{long}, and nothing came for {seconds(heard)}: the connection may be dead without either side knowing"
    else:
        why = f"{long}, and the broker has not closed it: the timeout is another one ({timeout.source}), or none"
    return Found(LookOutcome.CANNOT_TELL, why)


def _broker_silent(case: Case) -> Found | None:
    """The broker does not beat either, as it would from when a timeout was negotiated: each half timeout.

    After a whole timeout of the client's silence its newest beat is half a timeout younger than that; what comes right
    after the client's last octet is an answer.
    """
    timeout, last, silence = case.timeout, case.last, case.silence_s or 0.0
    if timeout is None or last.heard is None or last.sent is None or silence <= timeout.most_s:
        return None
    heard = case.until - last.heard
    if last.heard - last.sent > timeout.least_s / 4 and heard <= timeout.most_s * (1 + JITTER):
        return None
    why = (
        f"the client has sent nothing for {seconds(silence)}, but nothing came from the broker either for "
        f"{seconds(heard)}, which beats within the timeout{of_timeout(timeout)} ({timeout.source}): heartbeats are not "
        "on, or the connection is not open to its end yet, or it is cut off"
    )
    return Found(LookOutcome.CANNOT_TELL, why, tuple(cite(case.connection.last, "nothing went either way since")))


def _silent(case: Case) -> Found | None:
    """It has left out a heartbeat at least."""
    timeout, silence = case.timeout, case.silence_s or 0.0
    if timeout is None or silence <= timeout.most_s:
        return None
    heard = ago(case.last.heard, case.until)
    broker = f"; the broker was heard {seconds(heard)} ago" if heard is not None else ""
    waits = f", and {count(case.last.unread, 'octet')} of its wait to be read" if case.last.unread else ""
    why = (
        f"the client has sent nothing for {seconds(silence)}, longer than the timeout{of_timeout(timeout)} "
        f"({timeout.source}){broker}{waits}"
    )
    return Found(LookOutcome.SILENT, why, tuple(cite(case.connection.last, "nothing was sent since")), case.last.sent)


def _beating(case: Case) -> Found | None:
    """Heartbeats were seen, and it is not late with the next."""
    beats, silence = case.connection.beats, case.silence_s or 0.0
    known = [beat.after_s for beat in beats if beat.after_s is not None]
    if not beats:
        return None
    if case.timeout is None and (not known or silence > 2 * max(known)):
        return None
    every = f", up to {seconds(max(known))} apart" if known else ""
    why = f"{count(sum(each.count for each in beats), 'heartbeat')} seen{every}, the last {seconds(silence)} ago"
    return Found(LookOutcome.BEATING, why, tuple(cite(case.connection.last, "its newest heartbeat or octet")))


def _cannot_tell(case: Case) -> Found:
    """Neither is seen."""
    watched, silence = case.until - case.connection.first.t, case.silence_s or 0.0
    sent = f"it last sent something {seconds(silence)} ago, and no heartbeat was seen in {seconds(watched)}"
    if case.connection.used:
        sent = f"it was in use meanwhile, so that no heartbeat was due; it last sent something {seconds(silence)} ago"
    if case.timeout is None:
        longer = "--heartbeat names it, a longer --for may show it"
        return Found(LookOutcome.CANNOT_TELL, f"{sent}; the heartbeat timeout is not known: {longer}")
    within = f"which is within the timeout{of_timeout(case.timeout)} ({case.timeout.source})"
    longer = "" if case.connection.used else f": --for {2 * case.timeout.most_s:.0f} tells"
    return Found(LookOutcome.CANNOT_TELL, f"{sent}, {within}{longer}")


RULES: tuple[Rule, ...] = (
    _ended,
    closed,
    _opening,
    _off,
    _not_told,
    _not_acknowledged,
    _dead,
    _broker_silent,
    _silent,
    _beating,
    _cannot_tell,
)
"""In the order in which they are asked."""
