"""The values that verdicts are made of, and the schema of ``verdicts.json``.

Everything here is plain data. Times are seconds since the epoch, durations are
seconds unless the name says ``_ms``. The JSON Schema in
``docs/verdicts.schema.json`` is generated from these classes by
``heartbed schema``.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from heartbed.record.connection import Purpose

SCHEMA_VERSION = 2


class Value(BaseModel):
    """Base of all values: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(StrEnum):
    """What the record means for one connection or one cell, from the worst.

    What is proven false outranks what is unknown, which outranks what is true; a request that never returns outranks
    a connection that is lost. This order is the only one: lists are sorted and the worst is found by it.
    """

    HUNG = "hung"
    LOST = "lost"
    FAILED = "failed"
    LEAKED = "leaked"
    INCONCLUSIVE = "inconclusive"
    RECOVERED = "recovered"
    KEPT = "kept"

    @property
    def good(self) -> bool:
        """Whether there is nothing to mend: kept, or back by itself after a fault."""
        return self in (Outcome.KEPT, Outcome.RECOVERED)

    @property
    def bad(self) -> bool:
        """Whether there is: what is not known is neither."""
        return not self.good and self is not Outcome.INCONCLUSIVE

    @property
    def rank(self) -> int:
        """Its place in the order, from 0 for the worst."""
        return list(Outcome).index(self)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that outranks the others; inconclusive where there is none."""
    return min(outcomes, key=lambda outcome: outcome.rank, default=Outcome.INCONCLUSIVE)


class Evidence(Value):
    """One event of the record that proves a claim."""

    line: int = Field(description="line of record.jsonl, from 1")
    t: float = Field(description="epoch seconds")
    kind: str
    text: str = Field(description="the event in words")


class Connection(Value):
    """One AMQP connection of one process."""

    conn: str = Field(description="the client's end, ip:port")
    name: str | None = Field(description="user_provided_name, as oslo.messaging chose it")
    purpose: Purpose
    pid: int | None
    timeout_s: float | None = Field(description="heartbeat timeout negotiated with the broker")
    opened: float
    idle_from: float | None = Field(description="when the last request before the idle period had been answered")
    closed: float | None
    closed_by: str | None = Field(description="broker, client or unknown")
    close_reason: str | None = Field(description="missed_heartbeats, client_closed, clean, ...")
    heartbeats_sent: int | None = Field(description="by the client, over its whole life; null without a whole capture")
    heartbeats_received: int | None = Field(description="from the broker")
    longest_gap_s: float | None = Field(description="the client's longest silence; null without a whole capture")
    lost_after_s: float | None = Field(description="from the client's last octet to the close; null as above")
    outcome: Outcome
    cause: str = Field(description="a short code: hub_not_run, no_heartbeat_thread, ...; empty when kept")
    why: str = Field(description="the cause in a sentence")
    evidence: list[Evidence]


class Cost(Value):
    """What requests cost around the idle period, milliseconds."""

    before_ms: float | None = Field(description="median of the calls before")
    after_ms: float | None = Field(description="the first request after the idle period")
    after_status: int | None
    after_error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the first request after the idle time was asked, and not answered with a success."""
        return bool(self.after_error) or (self.after_status or 0) >= 400


class Disagreement(Value):
    """Something the cell was asked to be and is not."""

    what: str
    asked: str
    observed: str


class Burst(Value):
    """What became of the requests of one burst."""

    name: str = Field(description="cold: the first of all; warm: on open connections; after idling")
    attempt: int = Field(default=1, description="which of the bursts of that name, from 1")
    sent: int
    right: int = Field(description="answered with a success")
    wrong: int = Field(description="answered with an error other than 504, or refused")
    hung: int = Field(description="not answered at all, or 504: the RPC got no reply")
    never_returned: int = Field(default=0, description="of these, not answered at all")
    casts_lost: int | None = Field(description="answered with a success, and never arrived; null where nobody counted")
    median_ms: float | None = Field(description="of those that were answered")
    max_ms: float | None
    connections_peak: int = Field(description="the cell's connections to the broker at the most")
    connections_left: int = Field(description="those that were open at its end")


class Tries(Value):
    """How often it was tried whether a request hangs, and how often one did."""

    what: str = Field(description="what was tried: `burst`, or `play` for the probe as a whole")
    tried: int
    seen: int = Field(description="of these, in which a request hung")
    by_chance: bool = Field(
        description="whether another try may end otherwise: several OS threads of a process use eventlet's locks"
    )


class Renewal(Value):
    """What became of a cell when its processes were replaced."""

    name: str = Field(description="reload, stop and start, or recycling")
    begun: float
    took_s: float = Field(description="until it was done: for a stop and start until the server was started again")
    processes_ended: int | None = Field(
        description="those that had answered, or held connections; null where processes were not watched"
    )
    sent: int = Field(description="requests that ended since it began, and before the next renewal did")
    lost: int = Field(description="of those, the ones that were refused, cut off, answered wrong or not answered")
    slowest_ms: float | None = Field(description="of those that were answered right")
    connections: dict[str, int] = Field(
        description="those open when it began: how many ended how, as RabbitMQ's log has it (client_closed: without a "
        "word, clean, missed_heartbeats, ...), or are open"
    )
    connections_opened: int = Field(description="that were opened since")
    queues_left: int = Field(description="queues that those connections consumed from, and RabbitMQ still has")


class Growth(Value):
    """How fast something that a cell holds grew, over the rounds of a soak; measured at the end of each idle time."""

    what: str = Field(description="connections, queues, file descriptors, threads or memory")
    unit: str = Field(description="octets; empty for what is counted")
    first: float = Field(description="how much there was at the end of the first idle time")
    last: float = Field(description="and of the last")
    per_hour: float = Field(description="the slope over all rounds, by Theil and Sen")
    low: float = Field(description="per hour: the lower end of the interval in which it lies with 95 % confidence")
    high: float = Field(description="the upper end")
    samples: int = Field(description="rounds in which it was measured")
    over_s: float = Field(description="from the first to the last of them")
    grows: bool = Field(description="with confidence, in the second half of the time too, and by enough to matter")


class CellVerdict(Value):
    """The verdict on one cell under one probe."""

    cell: str
    probe: str = "idle"
    factors: dict[str, str] = Field(description="axis -> token, defaults filled in")
    asked: dict[str, Any]
    observed: dict[str, Any] = Field(description="what the application said it is")
    disagreements: list[Disagreement]
    connections: list[Connection]
    outcome: Outcome
    cause: str
    why: str
    lost_after_s: float | None = Field(description="of the connection lost first")
    recovered_after_s: float | None = Field(
        default=None, description="from the fault's end (0: before that), or from when it was first asked after it"
    )
    cost: Cost
    bursts: list[Burst] = Field(default_factory=list, description="under a probe that sends any")
    subject: str | None = Field(
        default=None, description="the `cell` of its events, where it was played in several copies: of the worst"
    )
    tries: Tries | None = Field(default=None, description="where chance may decide, and wherever bursts were sent")
    renewals: list[Renewal] = Field(default_factory=list, description="under a probe that has processes replaced")
    growth: list[Growth] = Field(default_factory=list, description="under a probe that repeats another one")
    evidence: list[Evidence]
    notes: list[str] = Field(default_factory=list, description="findings that do not change the verdict")


class ControlVerdict(Value):
    """Whether one control behaved as it must."""

    name: str
    expected: str
    observed: str
    ok: bool
    evidence: list[Evidence]


class Lag(Value):
    """How late the machine woke a sleeping thread over the run, milliseconds."""

    max_ms: float | None
    p99_ms: float | None
    samples: int


class RunVerdict(Value):
    """The whole run; what ``verdicts.json`` holds."""

    schema_version: int = SCHEMA_VERSION
    run: str
    heartbed: str
    probe: str = Field(default="idle", description="the probe that was played: heartbed probes lists them")
    started: float
    ended: float | None
    status: str = Field(description="complete, interrupted, failed or killed")
    heartbeat_s: float
    host: dict[str, Any]
    docker: dict[str, Any]
    images: dict[str, Any]
    versions: dict[str, str]
    controls: list[ControlVerdict]
    lag: Lag
    cells: list[CellVerdict]
    left_out: list[dict[str, str]]
    outcome: Outcome = Field(description="the worst of the cells; inconclusive when a control failed")
    reason: str = Field(description="why the run as a whole is inconclusive; empty otherwise")
    answer: str = Field(description="the one sentence that follows")
    missing: list[str] = Field(default_factory=list, description="what could not be observed, in words")
