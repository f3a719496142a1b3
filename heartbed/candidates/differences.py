"""In which settings configurations differ, whatever server they are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """One setting in which configurations differ; a value is empty where it is left to its default."""

    what: str
    values: tuple[str, ...]


def differences(configurations: Sequence[Mapping[str, str]]) -> list[Difference]:
    """Settings that are not the same in all, in the order in which they are first named."""
    names = list(dict.fromkeys(name for each in configurations for name in each))
    rows = [Difference(name, tuple(each.get(name, "") for each in configurations)) for name in names]
    return [row for row in rows if len(set(row.values)) > 1]
