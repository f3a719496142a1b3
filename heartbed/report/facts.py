"""What a cell was asked to be beside what it said it is, as rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from heartbed.verdict.values import CellVerdict

ALIASES = {
    "server": "mpm",
    "oslo": "versions.oslo.messaging",
    "heartbeat_s": "heartbeat_timeout_threshold",
}
"""What a cell is asked for -> the name of the fact that answers it."""


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
    for name, alias in ALIASES.items():
        if alias in observed:
            observed[name] = observed.pop(alias)
    if (thread := _heartbeat_thread(cell)) is not None:
        observed["thread"] = thread
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


def _heartbeat_thread(cell: CellVerdict) -> str | None:
    """The kind of heartbeat thread that the option in force makes, in the words of the factor."""
    if cell.observed.get("model") == "native":
        return "os"
    option = cell.observed.get("heartbeat_in_pthread")
    if option is None:
        return None
    return "pthread" if option else "green"


def _plain(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_plain(item) for item in value)
    return str(value)
