"""The controls: clients whose outcome is known, and the machine itself.

Where one of them goes wrong, the cells of its act have no verdict; those of other acts keep theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory
from heartbed.record.event import Event
from heartbed.record.history import RunHistory, in_act
from heartbed.record.kinds import ControlCall, MachineLag, ObserverFailed, Request
from heartbed.verdict import disturbance
from heartbed.verdict.cause import Cause
from heartbed.verdict.connection import SAMPLING_TOLERANCE
from heartbed.verdict.evidence import cite
from heartbed.verdict.finding import Finding, unknown
from heartbed.verdict.values import ControlVerdict, Lag
from heartbed.wording import seconds

SILENT, BEATING, COMPUTE, MACHINE = "control-silent", "control-beating", "compute", "machine"

PARTS = ("rabbitmq", "observer")
"""Containers that every cell depends on, beside the controls of its act."""

SAMPLE_S = 1.0
"""How often the machine's lag is told (``heartbed_agent.lag``)."""
SPARE_S = 1.5
"""By so much more may two samples be apart: the agent's words come through two pipes of a busy machine."""


def judge(run: RunHistory, lag: Lag) -> list[ControlVerdict]:
    """Every control of the run, whether it was there or not."""
    return [_silent(run, lag), _kept(run, BEATING), _compute(run), _machine(run, lag)]


def idle_span(run: RunHistory) -> tuple[float, float] | None:
    """From when the first cell was left alone until the last one was asked again; None when none ever idled."""
    idled = [cell for cell in run.cells if cell.idle_from is not None]
    ends = [run.last_t if cell.asked_again is None else cell.asked_again for cell in idled]
    return (min(cell.idle_from for cell in idled if cell.idle_from is not None), max(ends)) if idled else None


def lag_of(run: RunHistory) -> Lag:
    """How late the machine woke a sleeper while the cells idled."""
    span = idle_span(run)
    samples = sorted(e.data.max_ms for e in _within(run.of(MachineLag), span))
    if not samples:
        return Lag(max_ms=None, p99_ms=None, samples=0)
    return Lag(max_ms=samples[-1], p99_ms=samples[int(0.99 * (len(samples) - 1))], samples=len(samples))


def together(lags: Sequence[Lag]) -> Lag:
    """The worst of several: the machine's lag over all acts."""
    known = [lag for lag in lags if lag.samples]
    return Lag(
        max_ms=max((lag.max_ms for lag in known if lag.max_ms is not None), default=None),
        p99_ms=max((lag.p99_ms for lag in known if lag.p99_ms is not None), default=None),
        samples=sum(lag.samples for lag in known),
    )


def _within(events: Sequence[Event[MachineLag]], span: tuple[float, float] | None) -> list[Event[MachineLag]]:
    return [event for event in events if span is not None and span[0] <= event.t <= span[1]]


def _connection(run: RunHistory, name: str) -> ConnectionHistory | None:
    return next(iter(sorted(run.others.get(name, []), key=lambda c: c.opened)), None)


def _silent(run: RunHistory, lag: Lag) -> ControlVerdict:
    expected = "closed by RabbitMQ for missed heartbeats, two to three timeouts after its last octet"
    conn = _connection(run, SILENT)
    if conn is None or not conn.timeout_s:
        return ControlVerdict(name=SILENT, expected=expected, observed="it never connected", ok=False, evidence=[])
    if conn.closed is None or conn.close_reason != "missed_heartbeats":
        waited = seconds(run.last_t - conn.opened)
        observed = f"not closed for missed heartbeats within {waited} (RabbitMQ says: {conn.close_reason})"
        return ControlVerdict(name=SILENT, expected=expected, observed=observed, ok=False, evidence=[])
    last = conn.last_client_octet(conn.closed) or conn.opened
    after = conn.closed - last
    late = (lag.max_ms or 0.0) / 1000
    low, high = (
        conn.timeout_s * 2 * (1 - SAMPLING_TOLERANCE),
        conn.timeout_s * 3 * (1 + SAMPLING_TOLERANCE) + late,
    )
    observed = f"closed by RabbitMQ for missed heartbeats {seconds(after)} after its last octet"
    evidence = cite(conn.log_close, conn.log_close.data.text if conn.log_close else "")
    return ControlVerdict(name=SILENT, expected=expected, observed=observed, ok=low <= after <= high, evidence=evidence)


def _kept(run: RunHistory, name: str) -> ControlVerdict:
    expected = "kept over the whole idle window"
    connections = sorted(run.others.get(name, []), key=lambda c: c.opened)
    span = idle_span(run)
    if not connections or span is None:
        return ControlVerdict(name=name, expected=expected, observed="it was not there", ok=False, evidence=[])
    for conn in connections:
        if conn.closed is not None and conn.opened <= span[1] and conn.closed <= span[1]:
            observed = f"closed {seconds(conn.closed - conn.opened)} after it was opened ({conn.close_reason})"
            evidence = cite(conn.log_close, conn.log_close.data.text if conn.log_close else "")
            return ControlVerdict(name=name, expected=expected, observed=observed, ok=False, evidence=evidence)
    if connections[0].opened > span[0]:
        observed = f"it connected {seconds(connections[0].opened - span[0])} after the cells began to idle"
        return ControlVerdict(name=name, expected=expected, observed=observed, ok=False, evidence=[])
    beats = sum(len(conn.frames("client", "heartbeat")) for conn in connections)
    observed = f"kept; {beats} heartbeats sent" if beats else "kept"
    return ControlVerdict(name=name, expected=expected, observed=observed, ok=True, evidence=[])


def _compute(run: RunHistory) -> ControlVerdict:
    """The RPC server: kept as it is native, and there for the cells before and after they idled."""
    kept = _kept(run, COMPUTE)
    wrong = disturbance.during(run, (COMPUTE,), _watched(run)) or _unanswered(run)
    if wrong is None or not kept.ok:
        return kept
    return kept.model_copy(update={"ok": False, "observed": wrong.why, "evidence": list(wrong.evidence)})


def _unanswered(run: RunHistory) -> Finding | None:
    """That it did not answer a control's call just before cells idled, or as they were asked, where such were made."""
    span = idle_span(run)
    if not run.start.data.calls or span is None:
        return None
    calls = [call for call in run.of(ControlCall) if call.cell == _controls(run)]
    wanted = {"just before the cells idled": [call for call in calls if call.t <= span[0]][-1:]}
    if _all_asked(run):  # else the run did not come so far
        wanted["as they were asked again"] = [call for call in calls if call.t > span[0]]
    for when, made in wanted.items():
        if not made:
            return unknown(Cause.CONTROL_FAILED, f"it was not called by a control {when}")
        if wrong := next((call for call in made if not call.data.answered), None):
            why = f"it did not answer the call of a control {when}: {wrong.data.error}"
            return unknown(Cause.CONTROL_FAILED, why, *cite(wrong, why))
    return None


def _controls(run: RunHistory) -> str:
    """The container of the controls that belong to these cells: those of another act meet another fault."""
    return in_act("controls", run.cells[0].asked.act if run.cells else 1)


def _all_asked(run: RunHistory) -> bool:
    return any(cell.asked_again is not None for cell in run.cells)


def _watched(run: RunHistory) -> tuple[float, float] | None:
    """From the first request to a cell to the end of the last: what the testbed did then, the cells have met."""
    asked = [event for cell in run.cells for event in cell.of(Request)]
    return (min(e.t for e in asked), max(e.t + e.data.ms / 1000 for e in asked)) if asked else None


def _machine(run: RunHistory, lag: Lag) -> ControlVerdict:
    """The machine, and the parts of the testbed that are on it."""
    measured = _lag(run, lag)
    parts = (*PARTS, _controls(run))
    wrong = _not_covered(run) or disturbance.during(run, parts, _watched(run))
    if wrong is None or not measured.ok:
        return measured
    return measured.model_copy(update={"ok": False, "observed": wrong.why, "evidence": list(wrong.evidence)})


def _not_covered(run: RunHistory) -> Finding | None:
    """That nobody measured how late the machine was for a part of the idle period: there it may have stood still."""
    span = idle_span(run)
    if span is None or not _all_asked(run):
        return None
    times = [span[0]]
    for sample in _within(run.of(MachineLag), span):
        if sample.t - times[-1] > SAMPLE_S + sample.data.max_ms / 1000 + SPARE_S:
            break
        times.append(sample.t)
    else:
        if span[1] - times[-1] <= SAMPLE_S + SPARE_S:
            return None
    dead = [e for e in run.of(ObserverFailed) if e.data.observer == "agent" and e.t <= span[1]]
    because = f": {dead[0].data.reason}" if dead else ""
    covered = (
        f"it was measured for {seconds(times[-1] - span[0])} of the {seconds(span[1] - span[0])} of the idle period"
    )
    return unknown(Cause.CONTROL_FAILED, f"{covered} only{because}", *cite(dead[0] if dead else None, because[2:]))


def _lag(run: RunHistory, lag: Lag) -> ControlVerdict:
    """A client beats at least twice a timeout and is closed after two: one that is late by less than one is in time."""
    timeouts = [float(cell.asked.heartbeat_s) for cell in run.cells if cell.asked.heartbeat_s]
    limit = min(timeouts, default=run.start.data.heartbeat_s)
    expected = f"no thread woken more than {seconds(limit)} late (one heartbeat timeout), no step of the clock"
    steps = [abs(e.data.steps_ms) for e in _within(run.of(MachineLag), idle_span(run))]
    if lag.max_ms is None:
        return ControlVerdict(name=MACHINE, expected=expected, observed="it was not measured", ok=False, evidence=[])
    observed = f"at most {lag.max_ms:.0f} ms late"
    if max(steps, default=0.0) > 100:
        observed += f", and the wall clock stepped by {max(steps):.0f} ms"
        return ControlVerdict(name=MACHINE, expected=expected, observed=observed, ok=False, evidence=[])
    ok = lag.max_ms < limit * 1000
    worst = max(_within(run.of(MachineLag), idle_span(run)), key=lambda e: e.data.max_ms)
    if not ok:
        observed = f"the machine stalled for {seconds(lag.max_ms / 1000)}"
    return ControlVerdict(
        name=MACHINE,
        expected=expected,
        observed=observed,
        ok=ok,
        evidence=cite(worst, f"{lag.max_ms:.0f} ms late"),
    )
