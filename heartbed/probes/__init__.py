"""Probes: scenarios that are played on cells, one module each. Whichever lies here is found by itself.

A module has ``PROBE``, an object of ``heartbed.stage.probe.Probe``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from heartbed import plugins
from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.cells.subject import DEFAULT_PROBE, OF, Scenario
from heartbed.errors import InputError
from heartbed.stage.probe import Disturbs, Probe
from heartbed.verdict.rules import Rule
from heartbed.wording import meant

ALL = "all"
"""What stands for every probe, but for those that go on for long."""

SOAK = "soak"
"""What repeats another probe, for as long as ``--for`` says."""

FOR = "for"
"""The parameter of it that says for how long, seconds."""


@cache
def every() -> dict[str, Probe]:
    """Name -> probe, the default first."""
    probes: list[Probe] = [module.PROBE for module in plugins.modules(__name__).values()]
    return {each.name: each for each in sorted(probes, key=lambda each: (each.name != DEFAULT_PROBE, each.name))}


def named(name: str, *others: str) -> Probe:
    """The probe of that name. Raises ``InputError`` for one that there is not; ``others`` may be said there besides."""
    if name not in every():
        known = ", ".join((*every(), *others))
        raise InputError(f"unknown probe {name!r}{meant(name, every())}", hint=f"probes: {known}")
    return every()[name]


def played(scenario: Scenario) -> Probe:
    """The probe that plays a scenario: the one that it names, or that one as it repeats another."""
    probe = named(scenario.probe)
    if scenario.of is None:
        return probe
    other = named(scenario.of.probe)
    repeating = probe.repeating(other, other.values(dict(scenario.of.parameters)))
    if repeating is None or other.lasting:
        raise InputError(f"{scenario.name}: {probe.name} does not repeat {other.name}", hint=f"{SOAK}:{OF}=burst does")
    return repeating


def check(settings: Settings, cells: Sequence[Cell] = ()) -> None:
    """Look whether the settings' scenarios can tell anything of cells with them. Raises ``InputError``."""
    for each in settings.scenarios:
        probe = played(each)
        mine = [cell for cell in cells if not probe.refuses(cell)]
        probe.check(settings, probe.values(dict(each.parameters)), mine)


def rules() -> dict[str, Rule]:
    """Name of a probe -> how its cells are judged: what ``heartbed.verdict.judge`` wants."""
    return {name: probe.rule for name, probe in every().items()}


def scenarios(texts: Iterable[str], for_s: str | None = None) -> tuple[Scenario, ...]:
    """What a user has typed: ``idle,firewall:timeout=5``, ``all``; each once. Raises ``InputError``.

    With ``for_s``, as typed too (``30m``), each is repeated for so long.
    """
    typed = [part.strip() for text in texts for part in text.split(",")]
    usual = [name for name, probe in every().items() if not probe.lasting]
    names = [name for part in typed for name in (usual if part == ALL else (part,))]
    found = (_scenario(text) for text in names)
    return tuple(dict.fromkeys(found if for_s is None else (_repeated(each, for_s) for each in found)))


def _scenario(text: str) -> Scenario:
    own, of, repeated = text.partition(f":{OF}=")
    name, *given = own.split(":")
    probe = named(name, ALL)
    known = {each.name: each for each in probe.parameters}
    chosen: dict[str, float] = {}
    for each in given:
        parameter, equals, value = each.partition("=")
        if parameter not in known or not equals:
            has = ", ".join(f"{p.name}=<{p.bounds}>" for p in probe.parameters) or "none"
            close = meant(parameter, known)
            raise InputError(f"the probe {name} has no parameter {each!r}{close}", hint=f"its parameters: {has}")
        chosen[parameter] = known[parameter].read(value, name)
    changed = {p.name: chosen[p.name] for p in probe.parameters if chosen.get(p.name, p.default) != p.default}
    scenario = Scenario(name, tuple(changed.items()), _scenario(repeated) if of else probe.repeats)
    played(scenario)  # says what cannot be repeated
    return scenario


def _repeated(scenario: Scenario, for_s: str) -> Scenario:
    """The scenario as it is repeated for so long."""
    soak = named(SOAK)
    if FOR in dict(scenario.parameters) and scenario.probe == SOAK:
        raise InputError(f"{scenario.name} says for how long, and so does --for {for_s}", hint="give one of them")
    (lasts,) = (each for each in soak.parameters if each.name == FOR)
    try:
        seconds = lasts.read(for_s, SOAK)
    except InputError:
        hint = "as in --for 30m; without it each probe is played once"
        raise InputError(f"--for {for_s}: not a time from {lasts.bounds}, nor in m or h", hint=hint) from None
    given = ((FOR, seconds),) if seconds != lasts.default else ()
    return Scenario(SOAK, given, scenario.of if scenario.probe == SOAK else scenario)


def acts(wanted: Iterable[Scenario]) -> list[list[Scenario]]:
    """Which scenarios are played at a time: all that leave the broker alone, first.

    Each that disturbs the broker has an act of its own, and so has each that goes on for long: the others are not to
    last as long.
    """
    chosen = list(wanted)
    alone = [each for each in chosen if _wants_its_own(played(each))]
    together = [each for each in chosen if each not in alone]
    return [act for act in (together, *([each] for each in alone)) if act]


def _wants_its_own(probe: Probe) -> bool:
    return probe.lasting or probe.disturbs is Disturbs.BROKER
