"""Verdicts: a pure function of the record. Nothing here touches Docker, a clock or the network."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heartbed.record.event import Event
from heartbed.record.history import RunHistory, sort
from heartbed.verdict import cell as cells
from heartbed.verdict import controls
from heartbed.verdict.answer import answer
from heartbed.verdict.values import CellVerdict, ControlVerdict, Outcome, RunVerdict

__all__ = ["EXIT_CODES", "judge"]

EXIT_CODES = {Outcome.KEPT: 0, Outcome.LOST: 1, Outcome.HUNG: 1, Outcome.INCONCLUSIVE: 3}
"""Exit code of ``heartbed`` by the outcome of the run."""

BROKER_VERSIONS = re.compile(r"Starting RabbitMQ (\S+) on Erlang (\S+)")


def judge(events: Sequence[Event]) -> RunVerdict:
    """The verdict on a whole run. ``events`` are a record's, of which the first is ``run.start``."""
    run = sort(events)
    lag = controls.lag_of(run)
    checks = controls.judge(run, lag)
    reason = _reason(checks)
    blind = _blind(run)
    verdicts = [cells.judge(cell, run.last_t, blind) for cell in run.cells]
    if reason:
        verdicts = [_withheld(verdict, reason) for verdict in verdicts]
    start = run.start.data
    return RunVerdict(
        run=str(start["run"]),
        heartbed=str(start["heartbed"]),
        probe=str(start.get("probe", "idle")),
        started=run.start.t,
        ended=run.end.t if run.end else None,
        status=str(run.end.data["status"]) if run.end else "killed",
        heartbeat_s=float(start["heartbeat_s"]),
        host=dict(start.get("host", {})),
        docker=dict(start.get("docker", {})),
        images=dict(start.get("images", {})),
        versions=_versions(run),
        controls=checks,
        lag=lag,
        cells=verdicts,
        left_out=[dict(item) for item in start.get("left_out", [])],
        outcome=cells.worst([verdict.outcome for verdict in verdicts]),
        reason=reason,
        answer=f"Nothing can be said: {reason}." if reason else answer(verdicts),
        missing=_missing(run),
    )


def _reason(checks: Sequence[ControlVerdict]) -> str:
    """Why the run as a whole is inconclusive; empty when every control behaved."""
    return "; ".join(f"the control {c.name} must be {c.expected}, but: {c.observed}" for c in checks if not c.ok)


def _blind(run: RunHistory) -> str:
    """Why the broker was not observed all the time; empty when it was."""
    failed = [e for e in run.of("observer.failed") if e.data.get("observer") in ("broker_events", "broker_log")]
    return f"the broker was not observed all the time: {failed[0].data.get('reason')}" if failed else ""


def _withheld(verdict: CellVerdict, reason: str) -> CellVerdict:
    """The same cell without a verdict, for a run whose controls went wrong; what was seen is kept as a note."""
    seen = f"seen, but not to be trusted: {verdict.outcome}: {verdict.why}"
    return verdict.model_copy(
        update={
            "outcome": Outcome.INCONCLUSIVE,
            "cause": "control_failed",
            "why": reason,
            "notes": [seen, *verdict.notes],
        }
    )


def _versions(run: RunHistory) -> dict[str, str]:
    """Versions that the run's parts told of themselves."""
    versions: dict[str, str] = {}
    for event in run.of("broker.log"):
        if match := BROKER_VERSIONS.search(str(event.data.get("text", ""))):
            versions |= {"rabbitmq": match.group(1), "erlang": match.group(2)}
    told = [dict(cell.facts.get("versions", {})) for cell in run.cells]
    for name in dict.fromkeys(name for versions_ in told for name in versions_):
        values = dict.fromkeys(str(versions_[name]) for versions_ in told if versions_.get(name))
        versions[name] = ", ".join(values)
    return versions


def _missing(run: RunHistory) -> list[str]:
    """What could not be observed, in words."""
    missing = [str(event.data.get("reason", "there is no capture")) for event in run.of("wire.missing")]
    if not run.of("wire.frame") and not missing:
        missing.append("there is no capture of the wire")
    failed = {
        str(event.data["error"]) for event in run.of("process.stacks", "process.greenlets") if "error" in event.data
    }
    missing += [f"a process could not be looked at: {text}" for text in sorted(failed)]
    missing += [str(event.data.get("reason")) for event in run.of("observer.failed")]
    if run.end is None:
        missing.append("the run was killed: its record ends without an end")
    elif run.end.data["status"] != "complete":
        status, reason = run.end.data["status"], run.end.data.get("reason") or "no reason given"
        missing.append(f"the run failed: {reason}" if status == "failed" else f"the run was {status}: {reason}")
    return list(dict.fromkeys(missing))
