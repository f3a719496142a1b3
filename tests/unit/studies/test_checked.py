"""What is told of a change that left everything as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from heartbed.report import RunData
from heartbed.studies.check.checked import _tried
from heartbed.studies.mend import Mend
from heartbed.verdict.values import CellVerdict, Outcome

FACTS = {"cell": "own", "pid": 7, "server": "uwsgi", "app_threads": True, "threads": 2}


def verdict(name: str, outcome: Outcome, **facts: object) -> CellVerdict:
    return CellVerdict.model_construct(cell=name, outcome=outcome, observed={**FACTS, "cell": name, **facts})


@dataclass(frozen=True)
class Subject:
    name: str = "changed"
    own: Any = None


@dataclass(frozen=True)
class Run:
    changed: CellVerdict

    def under_each(self, name: str) -> list[CellVerdict]:
        return [self.changed] if name == "changed" else []


@pytest.mark.parametrize(
    ("outcome", "facts", "acted"),
    [
        (Outcome.LOST, {}, False),
        (Outcome.LOST, {"pid": 8}, False),
        (Outcome.INCONCLUSIVE, {}, False),
        (Outcome.LOST, {"threads": 1}, True),
        (Outcome.KEPT, {}, True),
    ],
)
def test_a_change_acts_where_the_application_or_its_fate_is_another(
    outcome: Outcome, facts: dict[str, object], acted: bool
) -> None:
    run = cast("RunData", Run(verdict("changed", outcome, **facts)))
    change = Mend((), cast("Any", Subject()), "")
    (tried,) = _tried([change], run, [verdict("own", Outcome.LOST)])
    assert tried.acted is acted
    assert tried.keeps is (outcome is Outcome.KEPT)
