"""Probes: scenarios that are played on cells, one module each. Whichever lies here is found by itself.

A module has ``PROBE``, an object of ``heartbed.stage.probe.Probe``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from heartbed import plugins
from heartbed.cells.subject import DEFAULT_PROBE, Scenario
from heartbed.errors import InputError
from heartbed.stage.probe import Disturbs, Probe
from heartbed.verdict.rules import Rule

ALL = "all"
"""What stands for every probe."""


@cache
def every() -> dict[str, Probe]:
    """Name -> probe, the default first."""
    probes: list[Probe] = [module.PROBE for module in plugins.modules(__name__).values()]
    return {each.name: each for each in sorted(probes, key=lambda each: (each.name != DEFAULT_PROBE, each.name))}


def named(name: str) -> Probe:
    """The probe of that name. Raises ``InputError`` for one that there is not."""
    if name not in every():
        raise InputError(f"unknown probe {name!r}", hint=f"probes: {', '.join(every())}")
    return every()[name]


def rules() -> dict[str, Rule]:
    """Name of a probe -> how its cells are judged: what ``heartbed.verdict.judge`` wants."""
    return {name: probe.rule for name, probe in every().items()}


def scenarios(texts: Iterable[str]) -> tuple[Scenario, ...]:
    """What a user has typed: ``idle,firewall:timeout=5:for=20``, ``all``; each once. Raises ``InputError``."""
    typed = [part.strip() for text in texts for part in text.split(",")]
    names = [name for part in typed for name in (every() if part == ALL else (part,))]
    return tuple(dict.fromkeys(_scenario(text) for text in names))


def _scenario(text: str) -> Scenario:
    name, *given = text.split(":")
    probe = named(name)
    known = {each.name: each for each in probe.parameters}
    chosen: dict[str, float] = {}
    for each in given:
        parameter, equals, value = each.partition("=")
        if parameter not in known or not equals:
            has = ", ".join(f"{p.name}=<{p.bounds}>" for p in probe.parameters) or "none"
            raise InputError(f"the probe {name} has no parameter {each!r}", hint=f"its parameters: {has}")
        chosen[parameter] = known[parameter].read(value, name)
    changed = {p.name: chosen[p.name] for p in probe.parameters if chosen.get(p.name, p.default) != p.default}
    return Scenario(name, tuple(changed.items()))


def acts(wanted: Iterable[Scenario]) -> list[list[Scenario]]:
    """Which scenarios share a window: all that leave the broker alone, first; each of the others has one of its own."""
    chosen = list(wanted)
    together = [each for each in chosen if named(each.probe).disturbs is not Disturbs.BROKER]
    alone = [[each] for each in chosen if each not in together]
    return [together, *alone] if together else alone
