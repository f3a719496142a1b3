"""Whether, when and as far as can be told why the broker has closed a connection."""

from __future__ import annotations

from heartbed.record.event import Event
from heartbed.record.kinds import BrokerLog
from heartbed.record.looked import LookedConnection
from heartbed.verdict.connection import SAMPLING_TOLERANCE
from heartbed.verdict.evidence import cite
from heartbed.verdict.look.case import Case, Found, of_timeout
from heartbed.verdict.look.values import LookOutcome, Timeout
from heartbed.wording import seconds


def closed_at(connection: LookedConnection) -> float | None:
    """When the broker closed: the acknowledgement that its FIN carried is the last that comes from it.

    A reset leaves nothing behind; it was between two looks, and is told as of the later one.
    """
    last = connection.last
    return last.data.acked if last.data.state == "CLOSE_WAIT" else last.t


def closed(case: Case) -> Found | None:
    """The broker has closed, and the process has not noticed."""
    if case.last.state == "CLOSE_WAIT":
        return _ended(case)
    return _reset(case) if case.last.state == "CLOSED" else None


def _ended(case: Case) -> Found:
    """The broker's FIN has come; the process has not read that far."""
    evidence = cite(case.connection.last, "the socket is in state CLOSE_WAIT")
    at, last = closed_at(case.connection), case.last
    if at is None or last.sent is None:
        return Found(LookOutcome.CLOSED, "the broker has closed it, and the process has not noticed", tuple(evidence))
    silence = max(0.0, at - last.sent)
    return Found(LookOutcome.CLOSED, _why(case, "closed", at, silence, silence), tuple(evidence))


def _reset(case: Case) -> Found:
    """The kernel has the connection no more, and the process still its socket: a reset, or its own shutdown.

    RabbitMQ closes by a reset. It was that where it came when RabbitMQ gives up a client that is silent.
    """
    at, last = case.connection.last.t, case.last
    evidence = tuple(cite(case.connection.last, "the kernel has the connection no more; the process has its socket"))
    before = case.look.tick_before(at) or at
    if last.sent is not None and (logged := _logged(case)) is not None and logged.data.reason != "client_closed":
        shortest, longest = max(0.0, before - last.sent), max(0.0, at - last.sent)
        evidence += tuple(cite(logged, logged.data.text))
        return Found(LookOutcome.CLOSED, _why(case, "reset", at, shortest, longest), evidence)
    if last.sent is not None and case.timeout is not None and not case.timeout.off:
        shortest, longest = max(0.0, before - last.sent), max(0.0, at - last.sent)
        least, most = _given_up(case.timeout)
        if shortest <= most and longest >= least:
            return Found(LookOutcome.CLOSED, _why(case, "reset", at, shortest, longest), evidence)
    why = (
        "the kernel has the connection no more, and the process still its socket: it was reset by the broker, or shut "
    )
    return Found(LookOutcome.CANNOT_TELL, f"{why}down by the process itself", evidence)


def _why(case: Case, how: str, at: float, shortest: float, longest: float) -> str:
    silence = seconds(longest) if longest - shortest < 0.1 else f"{seconds(shortest)} to {seconds(longest)}"
    ago = seconds(max(0.0, case.until - at))
    after = f"the broker {how} it {ago} ago, {silence} after the client's last octet, and the process has not noticed"
    timeout = case.timeout
    if (logged := _logged(case)) is not None:
        return f"{after}; RabbitMQ's log gives the reason: {logged.data.reason.replace('_', ' ')}"
    if timeout is None or timeout.off:
        return after
    least, most = _given_up(timeout)
    if shortest <= most and longest >= least:
        return f"{after}; after two to three timeouts{of_timeout(timeout)} of silence RabbitMQ gives a client up"
    other = f"it gives up a client after two to three timeouts{of_timeout(timeout)} of silence: it had another reason"
    return f"{after}; {other}"


def _logged(case: Case) -> Event[BrokerLog] | None:
    """The broker's own word on the close, where its log could be read."""
    return next(iter(case.connection.of(BrokerLog)), None)


def _given_up(timeout: Timeout) -> tuple[float, float]:
    """After how long a silence (seconds) RabbitMQ closes, at least and at most."""
    return 2 * timeout.least_s * (1 - SAMPLING_TOLERANCE), 3 * timeout.most_s * (1 + SAMPLING_TOLERANCE)
