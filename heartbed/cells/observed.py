"""How a choice shows in what the application tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Observed:
    """How a choice shows: the facts that the application tells of itself (``GET /heartbed/facts``).

    ``facts`` are their names, of which the first that is told counts; one of a
    group is named behind a dot, as in ``options.loading``. ``what`` is what a
    disagreement calls it. ``says`` is what the fact says for a factor, where
    that is not the factor itself.
    """

    what: str
    facts: tuple[str, ...]
    says: Mapping[str, object] = field(default_factory=dict)

    def fact(self, facts: Mapping[str, Any]) -> Any:
        """What the application tells; None where it tells nothing."""
        return next((value for name in self.facts if (value := _stated(facts, name)) is not None), None)

    def of(self, factor: str | None) -> object:
        """What the fact must say for this factor; None for one that it says nothing of."""
        return self.says.get(factor) if self.says and factor else factor

    def factor(self, facts: Mapping[str, Any]) -> Any:
        """The factor that the application shows; None where it shows none."""
        fact = self.fact(facts)
        return next((factor for factor, said in self.says.items() if said == fact), fact)


def _stated(facts: Mapping[str, Any], name: str) -> Any:
    group, _, rest = name.partition(".")
    value = facts.get(group)
    return value.get(rest) if rest and isinstance(value, Mapping) else value
