"""The values that the verdict on a look is made of, and the schema of what ``heartbed look --json`` prints.

Times are seconds since the epoch, durations are seconds. ``heartbed schema --look`` prints the schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import Field

from heartbed.verdict.values import Evidence, Value

LOOK_SCHEMA_VERSION = 1


class LookOutcome(StrEnum):
    """What a look means for one connection, from the worst: what is proven bad outranks what is unknown."""

    CLOSED = "closed"
    SILENT = "silent"
    CANNOT_TELL = "cannot tell"
    OFF = "no heartbeats"
    BEATING = "beating"


def worst_look(outcomes: Iterable[LookOutcome]) -> LookOutcome:
    """The outcome that outranks the others; that nothing can be told, where there is none."""
    return min(outcomes, key=[*LookOutcome].index, default=LookOutcome.CANNOT_TELL)


LOOK_EXIT_CODES = {
    LookOutcome.CLOSED: 1,
    LookOutcome.SILENT: 1,
    LookOutcome.CANNOT_TELL: 3,
    LookOutcome.OFF: 0,
    LookOutcome.BEATING: 0,
}
"""Exit code of ``heartbed look`` by the worst of its outcomes."""


class Timeout(Value):
    """The heartbeat timeout of a connection: between two bounds, which are the same where it is known exactly."""

    least_s: float
    most_s: float
    source: str = Field(description="by what it is known, in words")

    @property
    def exact(self) -> bool:
        """Whether both bounds are the same."""
        return self.least_s == self.most_s

    @property
    def off(self) -> bool:
        """Whether there are no heartbeats."""
        return self.most_s == 0


class LookedAt(Value):
    """The verdict on one connection."""

    conn: str = Field(description="the client's end, ip:port")
    remote: str = Field(description="the broker's end")
    pid: int
    pids: list[int] = Field(description="the processes that hold it, where they are several")
    name: str | None = Field(description="user_provided_name, where the broker was asked")
    state: str = Field(description="the socket's, as TCP names it")
    open_for_s: float | None = Field(description="at least so long; exactly, where the broker was asked")
    sent_ago_s: float | None = Field(description="since the client last sent anything, at the end of the look")
    heard_ago_s: float | None = Field(description="since anything last came from the broker")
    longest_silence_s: float | None = Field(description="of the client, during the look and just before it")
    unread: int = Field(description="octets that wait to be read by the process")
    unacked: int = Field(description="octets that the broker has not acknowledged")
    beats: int = Field(description="the client's heartbeats that were seen")
    timeout: Timeout | None
    silent_seen: float | None = Field(description="when the look first found it silent")
    closes_from: float | None = Field(description="RabbitMQ closes a silent connection between this")
    closes_until: float | None = Field(description="and this moment")
    closed: float | None = Field(description="when the broker closed it")
    outcome: LookOutcome
    why: str
    evidence: list[Evidence]


class LookedProcess(Value):
    """One process, and the verdicts on its connections."""

    pid: int
    name: str
    server: str
    group: str = Field(description="processes of one server have the same")
    container: str | None
    unit: str | None
    user: str
    python: str | None
    model: str | None = Field(description="eventlet, gevent or native; null where it cannot be told")
    model_why: str
    versions: dict[str, str]
    threads: str = Field(description="which thread should beat, and where the threads stand, in words")
    check: str = Field(description="the command that reproduces it in the testbed; empty where there is none")
    remarks: list[str]
    lost_sockets: int = Field(
        description="of its TCP sockets the kernel lists no more, beside those below: of one that led to the broker, "
        "and was reset before the look began, no more is left"
    )
    connections: list[LookedAt]
    outcome: LookOutcome


class LookVerdict(Value):
    """The whole look; what ``heartbed look --json`` prints."""

    schema_version: int = LOOK_SCHEMA_VERSION
    run: str
    heartbed: str
    started: float
    ended: float | None
    until: float = Field(description="when all connections were last looked at")
    status: str
    host: dict[str, Any]
    asked: dict[str, Any]
    cost: dict[str, Any]
    processes: list[LookedProcess]
    outcome: LookOutcome
    answer: str
    missing: list[str] = Field(description="what could not be seen, in words")
