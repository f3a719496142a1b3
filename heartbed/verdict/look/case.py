"""What a rule of a look gets, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from heartbed.record.kinds import LookSocket
from heartbed.record.looked import LookedConnection, LookHistory
from heartbed.verdict.look.values import LookOutcome, Timeout
from heartbed.verdict.values import Evidence
from heartbed.wording import seconds


@dataclass(frozen=True)
class Case:
    """One connection as the rules see it."""

    connection: LookedConnection
    look: LookHistory
    until: float
    timeout: Timeout | None

    @property
    def last(self) -> LookSocket:
        """The socket as it was last."""
        return self.connection.last.data

    @property
    def silence_s(self) -> float | None:
        """For how long the client has sent nothing."""
        return ago(self.last.sent, self.until)


@dataclass(frozen=True)
class Found:
    """What a rule finds. ``since`` (epoch seconds) is when the broker heard the last of a silent client."""

    outcome: LookOutcome
    why: str
    evidence: tuple[Evidence, ...] = ()
    since: float | None = None


Rule = Callable[[Case], Found | None]


def ago(t: float | None, until: float) -> float | None:
    """How long before ``until`` something was, seconds; to the millisecond, as the kernel tells it."""
    return None if t is None else round(max(0.0, until - t), 3)


def of_timeout(timeout: Timeout) -> str:
    """`` of 6.0 s``, or between which bounds."""
    value = seconds(timeout.most_s)
    return f" of {value}" if timeout.exact else f" of {seconds(timeout.least_s)} to {value}"
