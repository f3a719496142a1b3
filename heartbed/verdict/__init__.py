"""Verdicts: a pure function of the record. Nothing here touches Docker, a clock or the network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.record.event import Event, only
from heartbed.record.history import CellHistory, RunHistory, in_act, sort
from heartbed.record.interventions import interventions
from heartbed.record.kinds import (
    BrokerLog,
    Intervention,
    ObserverFailed,
    RunStart,
    WireFrame,
    WireMissing,
)
from heartbed.record.parts import shards
from heartbed.verdict import controls, merged, tries
from heartbed.verdict.answer import answer
from heartbed.verdict.cause import Cause
from heartbed.verdict.rules import Rule, Rules, of, of_native
from heartbed.verdict.unseen import unseen
from heartbed.verdict.values import CellVerdict, ControlVerdict, Lag, Outcome, RunVerdict, worst

__all__ = ["EXIT_CODES", "judge"]

EXIT_CODES = {each: 0 if each.good else 1 if each.bad else 3 for each in Outcome}
"""Exit code of ``heartbed`` by the outcome of the run."""

BROKER = "rabbitmq"
COMES_BACK_S = 15.0
"""RabbitMQ boots in 4 to 8 s here; its observers connect to it within half a second after that."""

BROKER_VERSIONS = re.compile(r"Starting RabbitMQ (\S+) on Erlang (\S+)")


def judge(events: Sequence[Event], rules: Rules) -> RunVerdict:
    """The verdict on a whole run. ``events`` are a record's, of which the first is ``run.start``.

    ``rules`` are those of the probes (``heartbed.probes.rules``). Raises ``InputError`` for a probe without one.
    The shards of a record that was merged are judged each by itself.
    """
    parts = shards(events)
    if not parts:
        return _run(events, rules)
    beginnings = [start for part in (events, *parts) for start in only(part[:1], RunStart)]
    asked = [start.data.shard for start in beginnings[1:]]
    return merged.together(beginnings[0], asked, [_run(part, rules) for part in parts])


def _run(events: Sequence[Event], rules: Rules) -> RunVerdict:
    run = sort(events)
    judged = [_act(act, rules, _blind(run)) for act in run.acts]
    verdicts = [verdict for act in judged for verdict in act.cells]
    checks = [check for act in judged for check in act.controls]
    reason = "; ".join(act.reason for act in judged if act.reason)
    start = run.start.data
    return RunVerdict(
        run=start.run,
        heartbed=start.heartbed,
        probe=start.probe,
        started=run.start.t,
        ended=run.end.t if run.end else None,
        status=run.end.data.status if run.end else "killed",
        heartbeat_s=start.heartbeat_s,
        host=start.host,
        docker=start.docker,
        images=start.images,
        versions=_versions(run),
        controls=checks,
        lag=controls.together([act.lag for act in judged]),
        cells=verdicts,
        left_out=[
            *start.left_out,
            *({"name": name, "reason": reason} for name, reason in _left_out(run).items()),
        ],
        outcome=worst([verdict.outcome for verdict in verdicts]),
        reason=reason,
        answer=f"Nothing can be said: {reason}." if reason else answer(verdicts),
        missing=_missing(run),
    )


UNTRUSTED = (
    "the files are not trusted (--untrusted), so nothing was let into the cells' processes: the cause of a loss is not "
    "proven, and the ends of processes and what waits in their sockets were not seen"
)


@dataclass(frozen=True)
class _Act:
    """What was judged of the cells that shared a window."""

    cells: list[CellVerdict]
    controls: list[ControlVerdict]
    reason: str
    """Why nothing can be said of any of them; empty where something can."""
    lag: Lag


def _act(act: RunHistory, rules: Rules, blind: str) -> _Act:
    """Judge the cells of an act, each by the rule of its probe; none of them where a control of the act went wrong."""
    lag = controls.lag_of(act)
    by_rule = [(cell, of(rules, cell.probe)) for cell in act.cells if not cell.left_out]
    # Probes that share a window disturb no control, so that one rule says of it what the others do.
    expectations = dict.fromkeys(rule.controls for _, rule in by_rule) or (controls.judge,)
    checks: list[ControlVerdict] = []
    for expect in expectations:
        checks += [check for check in expect(act, lag) if check not in checks]
    natives = {each.probe: of_native(each, of(rules, each.probe), act.last_t, blind) for each in act.natives}
    verdicts = []
    for copies, rule in _copies(by_rule):
        cell = copies[0]
        verdict = tries.together([rule.cell(each, act.last_t, blind) for each in copies])
        # What a client outside every server suffers under a probe says nothing of the cells under another.
        concerned = [*checks, *(native for probe, native in natives.items() if probe == cell.probe)]
        reason = _reason(concerned)
        verdicts.append(_withheld(verdict, reason) if reason else verdict)
    unknown = _reason(checks)
    checks += natives.values()
    number = act.cells[0].asked.act if act.cells else 1
    named = [check.model_copy(update={"name": in_act(check.name, number)}) for check in checks]
    return _Act(verdicts, named, unknown, lag)


def _copies(by_rule: Sequence[tuple[CellHistory, Rule]]) -> list[tuple[list[CellHistory], Rule]]:
    """The cells of an act with their rules, those together that are copies of one."""
    found: dict[tuple[str, str], tuple[list[CellHistory], Rule]] = {}
    for cell, rule in by_rule:
        found.setdefault((cell.name, cell.probe), ([], rule))[0].append(cell)
    return [*found.values()]


def _reason(checks: Sequence[ControlVerdict]) -> str:
    """Why the run as a whole is inconclusive; empty when every control behaved."""
    return "; ".join(f"the control {c.name} must be {c.expected}, but: {c.observed}" for c in checks if not c.ok)


def _blind(run: RunHistory) -> str:
    """Why the broker was not observed all the time; empty when it was."""
    failed = [e for e in _unobserved(run) if e.data.observer in ("broker_events", "broker_log")]
    return f"the broker was not observed all the time: {failed[0].data.reason}" if failed else ""


def _unobserved(run: RunHistory) -> list[Event[ObserverFailed]]:
    """What could not be observed, but for a broker that a probe has stopped: there is nothing to observe then."""
    away = [done for _, done in interventions(run.index.events) if done.where == BROKER]
    return [e for e in run.of(ObserverFailed) if not any(_during(e.t, done) for done in away)]


def _during(t: float, done: Intervention) -> bool:
    """Whether a moment (epoch seconds) lies in what a probe did, or so soon after it that things still come back."""
    return done.begun <= t and (done.ended is None or t <= done.ended + COMES_BACK_S)


def _withheld(verdict: CellVerdict, reason: str) -> CellVerdict:
    """The same cell without a verdict, for a run whose controls went wrong; what was seen is kept as a note."""
    seen = f"seen, but not to be trusted: {verdict.outcome}: {verdict.why}"
    return verdict.model_copy(
        update={
            "outcome": Outcome.INCONCLUSIVE,
            "cause": Cause.CONTROL_FAILED,
            "why": reason,
            "lost_after_s": None,
            "recovered_after_s": None,
            "notes": [seen, *verdict.notes],
        }
    )


def _left_out(run: RunHistory) -> dict[str, str]:
    """The cells that others were played without, and why."""
    played = {(cell.name, cell.probe) for cell in run.cells if not cell.left_out}
    return {cell.name: cell.left_out for cell in run.cells if cell.left_out and (cell.name, cell.probe) not in played}


def _versions(run: RunHistory) -> dict[str, str]:
    """Versions that the run's parts told of themselves."""
    versions: dict[str, str] = {}
    for event in run.of(BrokerLog):
        if match := BROKER_VERSIONS.search(event.data.text):
            versions |= {"rabbitmq": match.group(1), "erlang": match.group(2)}
    told = [cell.libraries for cell in run.cells]
    for name in dict.fromkeys(name for versions_ in told for name in versions_):
        values = dict.fromkeys(versions_[name] for versions_ in told if versions_.get(name))
        versions[name] = ", ".join(values)
    return versions


def _missing(run: RunHistory) -> list[str]:
    """What could not be observed, in words."""
    missing = [event.data.reason for event in run.of(WireMissing)]
    if not run.of(WireFrame) and not missing:
        missing.append("there is no capture of the wire")
    if run.start.data.untrusted:
        missing.append(UNTRUSTED)
    missing += unseen(run.index, run.start.data.cells)
    missing += [event.data.reason for event in _unobserved(run)]
    missing += [f"the probe {each['probe']} was not played: {each['reason']}" for each in run.start.data.skipped]
    if run.end is None:
        missing.append("the run was killed: its record ends without an end")
    elif run.end.data.status != "complete":
        status, reason = run.end.data.status, run.end.data.reason or "no reason given"
        missing.append(f"the run failed: {reason}" if status == "failed" else f"the run was {status}: {reason}")
    return list(dict.fromkeys(missing))
