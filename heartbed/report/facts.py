"""What a cell was asked to be beside what it said it is, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from heartbed.cells import axes
from heartbed.cells.axis import Axis
from heartbed.verdict.values import CellVerdict


@dataclass(frozen=True)
class Fact:
    """One property; ``asked`` or ``observed`` is empty where nothing was said of it."""

    what: str
    asked: str
    observed: str
    differs: bool


def facts(cell: CellVerdict) -> list[Fact]:
    """Every property that was asked for or observed: disagreements first, then those with both sides."""
    asked, observed = dict(_flat({**cell.factors, **cell.asked})), dict(_flat(cell.observed))
    for name, tellers in _aliases(asked):
        given = [observed.pop(each) for each in tellers if each in observed]
        if given:
            observed[name] = given[0]
    observed |= {axis.name: factor for axis in axes.TABLE.axes if (factor := _factor(axis, cell.observed))}
    differing = {d.what: Fact(d.what, d.asked, d.observed, differs=True) for d in cell.disagreements}
    names = [name for name in dict.fromkeys((*asked, *observed)) if name not in differing]
    rest = [Fact(name, asked.get(name, ""), observed.get(name, ""), differs=False) for name in names]
    return [*differing.values(), *sorted(rest, key=lambda fact: (not fact.asked, not fact.observed))]


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, _plain(value)


def _aliases(asked: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a cell is asked for, and the names of the facts that answer it, the first that is told."""
    table = axes.TABLE
    yield from ((each.name, each.shows.facts) for each in table.axes if not each.shows.says)
    yield from ((each.word, (f"versions.{each.package}",)) for each in table.libraries if each.word in asked)
    yield from ((each.asked or each.name, each.observed.facts) for each in table.parameters if each.observed)


def _factor(axis: Axis, observed: Mapping[str, Any]) -> str | None:
    """The factor that a fact stands for which says it in other words."""
    if not axis.shows.says:
        return None
    if axis.refines and (other := axes.TABLE.of(axis.refines).shows.fact(observed)) not in (None, axis.refines):
        return axis.elsewhere.get(str(other))
    given = axis.shows.factor(observed)
    return None if given is None else str(given)


def _plain(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)
