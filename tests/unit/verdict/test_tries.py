"""How often a hang was tried and seen, and the verdict on a cell that was played in several copies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heartbed.cells.expressions import select
from heartbed.cells.subject import Scenario, subjects
from heartbed.probes import rules
from heartbed.record.event import Event, only
from heartbed.record.kinds import RunStart
from heartbed.report.words import phrases
from heartbed.verdict import judge
from heartbed.verdict.tries import CHANCE, enough, together, words
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from tests.unit.histories import History
from tests.unit.verdict.test_burst import under_bursts


def shared(history: History) -> History:
    """The same, of a cell whose threads share eventlet's locks."""
    (start,) = only(history.events[:1], RunStart)
    cells = [asked.model_copy(update={"threads": 2}) for asked in start.data.cells]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells}))
    at, facts = next((at, event) for at, event in enumerate(history.events) if event.kind == "app.facts")
    history.events[at] = replace(facts, data=facts.data.model_copy(update={"threads": 2}))
    return history


def copy(status: int | None = 200) -> CellVerdict:
    history = shared(under_bursts(status=status))
    verdict = history.cell_verdict
    (told,) = [note for note in verdict.notes if note == CHANCE] or [""]
    assert (told == CHANCE) is (verdict.outcome is Outcome.HUNG)
    return verdict


@pytest.mark.parametrize(
    ("share", "needed"), [(1.0, 1), (0.5, 5), (0.2, 14), (0.1, 29)], ids=["always", "half", "one in 5", "one in 10"]
)
def test_the_rarer_a_hang_the_oftener_it_must_be_tried(share: float, needed: int) -> None:
    assert enough(share) == needed
    assert (1 - share) ** needed <= 0.05 + 1e-9


def test_tries_without_a_hang_say_how_rare_one_must_be() -> None:
    said = words(Tries(what="burst", tried=15, seen=0, by_chance=True))
    assert (
        said == "none of 15 bursts hung, and one that comes in every 5th burst would have been seen, with 95% certainty"
    )
    assert words(Tries(what="burst", tried=20, seen=3, by_chance=True)) == "3 of 20 bursts hung"


def test_a_burst_is_a_try_and_one_in_which_a_request_hung_has_shown_it() -> None:
    found = copy(None)
    assert found.tries == Tries(what="burst", tried=3, seen=1, by_chance=True)
    assert copy().tries == Tries(what="burst", tried=3, seen=0, by_chance=True)


def test_a_cell_that_leaves_nothing_to_chance_counts_its_bursts_all_the_same() -> None:
    found = under_bursts().cell_verdict
    assert found.tries is not None
    assert (found.tries.tried, found.tries.by_chance) == (3, False)
    assert [phrase.text for phrase in phrases(found, 2)] == ["kept"]


def test_copies_of_a_cell_have_one_verdict_that_says_how_often_it_hung() -> None:
    found = together([copy(), copy(None), copy()])
    assert (found.outcome, found.tries) == (Outcome.HUNG, Tries(what="burst", tried=9, seen=1, by_chance=True))
    assert found.why.startswith("1 of 9 bursts hung; in one copy of the cell 1 of 12 requests hung (1 of 4 warm)")
    assert [phrase.text for phrase in phrases(found, 2)] == ["hung in 1 of 9 bursts"]
    assert [(burst.name, burst.attempt) for burst in found.bursts][:4] == [
        ("cold", 1),
        ("warm", 1),
        ("after idling", 1),
        ("cold", 2),
    ]


def test_copies_that_are_all_kept_say_how_often_that_was_tried() -> None:
    found = together([copy()] * 5)
    assert found.outcome is Outcome.KEPT
    assert "in 5 copies of the cell none of 15 bursts hung" in found.why
    assert [phrase.text for phrase in phrases(found, 2)] == ["kept (15 bursts)"]


def test_a_copy_without_a_verdict_is_no_try_and_is_told() -> None:
    unknown = copy().model_copy(update={"outcome": Outcome.INCONCLUSIVE, "why": "it was frozen", "tries": None})
    found = together([unknown, copy(), copy()])
    assert (found.outcome, found.tries and found.tries.tried) == (Outcome.KEPT, 6)
    assert "one of 3 copies has no verdict: it was frozen" in found.notes
    assert together([unknown, unknown]).outcome is Outcome.INCONCLUSIVE


def test_under_another_probe_the_play_is_the_try() -> None:
    history = shared(History.of())
    history.pair(beating=True)
    assert history.cell_verdict.tries == Tries(what="play", tried=1, seen=0, by_chance=True)


def test_a_record_of_copies_is_judged_cell_by_cell() -> None:
    history = shared(under_bursts())
    (start,) = only(history.events[:1], RunStart)
    (asked,) = start.data.cells
    name = asked.subject or asked.name
    again = [replace(event, cell=f"{name}.2") for event in history.events[1:] if event.cell == name]
    conns = [replace(event, conn=f"again-{event.conn}") if event.conn else event for event in again]
    cells = [asked, asked.model_copy(update={"subject": f"{name}.2", "attempt": 2})]
    events: list[Event] = [
        replace(start, data=start.data.model_copy(update={"cells": cells})),
        *sorted([*history.events[1:], *conns], key=lambda event: event.t),
    ]
    (verdict,) = judge(events, rules()).cells
    assert verdict.tries is not None
    assert verdict.tries.tried == 6


def test_copies_have_names_of_their_own() -> None:
    cells = select(["prefork-daemon-{eventlet-pthread,native}"]).cells
    acts = [[Scenario("idle"), Scenario("burst")]]
    found = subjects(cells, acts, lambda cell, scenario: 3 if cell.shares_locks and scenario.probe == "burst" else 1)
    assert [(each.name, each.attempt) for each in found] == [
        ("prefork-daemon-eventlet-pthread", 1),
        ("prefork-daemon-native", 1),
        ("prefork-daemon-eventlet-pthread.burst", 1),
        ("prefork-daemon-eventlet-pthread.burst.2", 2),
        ("prefork-daemon-eventlet-pthread.burst.3", 3),
        ("prefork-daemon-native.burst", 1),
    ]
