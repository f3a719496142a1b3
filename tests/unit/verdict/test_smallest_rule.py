"""The shortest list of conditions that tells the kept cells from the others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from heartbed.places import ROOT
from heartbed.verdict.answer import answer, questions
from heartbed.verdict.smallest_rule import Rule, smallest_rule
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.verdict.test_answer import verdict

SERVERS = ("prefork-embedded", "event-embedded", "event-daemon", "uwsgi", "gunicorn")
MODELS = ("eventlet", "eventlet-pthread", "native")
VERSIONS = ("9.7.1", "12.6.0", "14.3.0", "17.3.2", "18.3.1")


@dataclass(frozen=True)
class Parts:
    server: str
    model: str
    version: str


def cells(is_kept: Callable[[Parts], bool]) -> list[CellVerdict]:
    """Every server with every model and version, kept or lost as it is said."""
    made = []
    for each in (Parts(*parts) for parts in ((s, m, v) for s in SERVERS for m in MODELS for v in VERSIONS)):
        outcome = Outcome.KEPT if is_kept(each) else Outcome.LOST
        made.append(verdict(f"{each.server}-{each.model}-oslo{each.version}", outcome))
    return made


def rule(some: list[CellVerdict], *, good: bool = True) -> Rule | None:
    return smallest_rule(some, questions(some), good=good)


def as_found(each: Parts) -> bool:
    """What the reference matrix found."""
    pthread = each.model == "eventlet-pthread" and each.version in ("14.3.0", "17.3.2")
    return each.model == "native" or each.server == "gunicorn" or pthread


def test_the_rule_names_what_the_matrix_found() -> None:
    found = rule(cells(as_found))
    assert str(found) == (
        "native threads; gunicorn; eventlet with heartbeat_in_pthread and oslo.messaging 14.3.0 to 17.3.2"
    )
    assert found is not None
    assert not found.exceptions


def test_the_shorter_side_is_told() -> None:
    some = cells(lambda each: not (each.server == "uwsgi" and each.model == "eventlet"))
    assert answer(some) == (
        "No single choice decides. Not kept: uwsgi and eventlet with its green heartbeat thread. "
        f"Every other of the {len(some)} cells is kept."
    )


@pytest.mark.parametrize("good", [True, False])
def test_the_rule_is_true_of_every_cell(*, good: bool) -> None:
    some = cells(lambda each: each.version in ("9.7.1", "12.6.0") or each.server.startswith("event"))
    found = rule(some, good=good)
    assert found is not None
    told = {place for term in found.terms for place in range(len(some)) if term.cells >> place & 1}
    assert told == {place for place, cell in enumerate(some) if cell.outcome.good is good}


def test_a_cell_that_breaks_a_short_rule_is_named_where_there_are_many() -> None:
    some = cells(lambda each: as_found(each) and each != Parts("uwsgi", "eventlet-pthread", "14.3.0"))
    assert answer(some).endswith(
        "eventlet with heartbeat_in_pthread and oslo.messaging 14.3.0 to 17.3.2. Every other of the 75 cells is "
        "not kept. The exception is uwsgi-eventlet-pthread-oslo14.3.0."
    )


def test_where_no_short_rule_fits_none_is_told() -> None:
    def at_random(each: Parts) -> bool:
        return sum(map(ord, "".join((each.server, each.model, each.version)))) % 3 == 0

    some = cells(at_random)
    assert rule(some) is None
    kept = sum(cell.outcome.good for cell in some)
    assert answer(some) == f"No short rule tells the cells apart: {kept} of 75 are kept."


def test_the_reference_matrix_has_a_rule() -> None:
    results = json.loads((ROOT / "docs" / "results" / "reference.json").read_text(encoding="utf-8"))["results"]
    found = rule([verdict(each["cell"], Outcome(each["outcome"])) for each in results])
    assert found is not None
    assert len(found.terms) == 3
