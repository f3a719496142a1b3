"""What a probe has to say in the verdict: pure functions of the record, handed in by whoever judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from heartbed.errors import InputError
from heartbed.record.history import CellHistory, RunHistory
from heartbed.verdict import cell, controls
from heartbed.verdict.values import CellVerdict, ControlVerdict, Lag, Outcome

CellRule = Callable[[CellHistory, float, str], CellVerdict]
"""Judges a cell by its history, the time of the record's last event (epoch seconds), and why the broker was not
observed all the time; that is empty where it was."""

ControlsRule = Callable[[RunHistory, Lag], list[ControlVerdict]]
"""Says of each control whether it did what it must do under the probe."""


@dataclass(frozen=True)
class Rule:
    """How cells under a probe are judged, and what their controls must do.

    By default as when idle: connections that were open must stay open, and so must those of the controls, but
    for the silent one. A probe has another rule by putting pieces of ``heartbed.verdict`` together anew.
    """

    cell: CellRule = cell.judge
    controls: ControlsRule = controls.judge
    native: tuple[Outcome, ...] = (Outcome.RECOVERED, Outcome.KEPT)
    """What may become of a client outside every server, where one is played along; else the fault did not take."""
    of_native: CellRule | None = None
    """How that client is judged, where otherwise than a cell."""
    over: Callable[[Rule], Rule] | None = None
    """The rule of a probe that repeats another one, from the rule of that; None for one that repeats none."""


def of_native(native: CellHistory, rule: Rule, last_t: float, blind: str) -> ControlVerdict:
    """Whether a client outside every server fared well under a probe: what it suffers is no cell's fault."""
    verdict = (rule.of_native or rule.cell)(native, last_t, blind)
    said = f"{verdict.outcome}: {verdict.why}"
    return ControlVerdict(
        name=f"native ({native.probe})",
        expected=" or ".join(rule.native),
        observed=said,
        ok=verdict.outcome in rule.native,
        evidence=verdict.evidence,
    )


Rules = Mapping[str, Rule]
"""A probe's name -> its rule."""


def of(rules: Rules, probe: str) -> Rule:
    """The rule for a probe as the record names it, parameters and all. Raises ``InputError`` for an unknown one."""
    own, _, repeated = probe.partition(":of=")
    name = own.partition(":")[0]
    if name not in rules:
        raise InputError(
            f"the record is of the probe {name!r}, and this heartbed has no rule for it",
            hint=f"use the heartbed that played it; probes here: {', '.join(rules)}",
        )
    rule = rules[name]
    return rule.over(of(rules, repeated)) if rule.over and repeated else rule
