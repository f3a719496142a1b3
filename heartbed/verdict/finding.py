"""What a rule finds: an outcome, its cause, why, and the events that prove it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heartbed.verdict.cause import Cause
from heartbed.verdict.values import Evidence, Outcome


@dataclass(frozen=True)
class Finding:
    """One finding. ``cause`` is None where there is nothing to explain; ``note`` is a remark on the cell."""

    outcome: Outcome
    cause: Cause | None
    why: str
    evidence: tuple[Evidence, ...] = ()
    note: str = ""
    after_s: float | None = None
    """How long after the end of a fault it was well again, seconds."""

    def proven_by(self, *evidence: Evidence) -> Finding:
        """The same with more evidence, in front of its own."""
        return replace(self, evidence=(*evidence, *self.evidence))


def lost(cause: Cause, why: str, *evidence: Evidence, note: str = "") -> Finding:
    """RabbitMQ missed the heartbeats."""
    return Finding(Outcome.LOST, cause, why, evidence, note)


def hung(cause: Cause, why: str, *evidence: Evidence) -> Finding:
    """A request does not return."""
    return Finding(Outcome.HUNG, cause, why, evidence)


def unknown(cause: Cause, why: str, *evidence: Evidence) -> Finding:
    """Nothing can be said, and why."""
    return Finding(Outcome.INCONCLUSIVE, cause, why, evidence)


def failed(cause: Cause, why: str, *evidence: Evidence) -> Finding:
    """Requests were answered wrong, or said to be done and were not."""
    return Finding(Outcome.FAILED, cause, why, evidence)


def leaked(cause: Cause, why: str, *evidence: Evidence) -> Finding:
    """Something is left over that nobody uses."""
    return Finding(Outcome.LEAKED, cause, why, evidence)


def recovered(after_s: float, why: str, *evidence: Evidence) -> Finding:
    """Well again by itself."""
    return Finding(Outcome.RECOVERED, None, why, evidence, after_s=after_s)


def kept(why: str, *evidence: Evidence, cause: Cause | None = None, note: str = "") -> Finding:
    """It stayed open."""
    return Finding(Outcome.KEPT, cause, why, evidence, note)
