"""What is said of a cell under bursts, by hand-made records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from heartbed.record.event import Event, only
from heartbed.record.kinds import Request, RunStart
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, History

NAMES = {
    "cold": ("open", IDLE_FROM - 3.0),
    "warm": ("before", IDLE_FROM - 0.35),
    "after idling": ("after", ASKED_AGAIN),
}


def under_bursts(
    *, status: int | None = 200, burst: str = "warm", arrive: bool = True, beating: bool = True
) -> History:
    """Three bursts of four requests each; the last call of ``burst`` is answered with ``status``."""
    history = History.of()
    (start,) = only(history.events[:1], RunStart)
    cells = [asked.model_copy(update={"probe": "burst"}) for asked in start.data.cells]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells, "probe": "burst"}))
    history.drop("request")
    for name, (phase, begin) in NAMES.items():
        for number in range(4):
            what = "call" if number == 3 else "cast"
            odd = status if name == burst and what == "call" else (200 if what == "call" else 202)
            asked = {"phase": phase, "what": what, "burst": name, "request_id": f"req-{name}-{number}"}
            error = {"error": "ReadTimeout: not answered within 6 s"} if odd is None else {}
            history.add("request", begin + number / 10, status=odd, ms=20.0, **asked, **error)
            if arrive or what == "call" or name != "warm":
                history.add("rpc.arrived", begin + number / 10, what=what, request_id=f"req-{name}-{number}")
    history.pair(beating=beating)
    history.end()
    return history


def verdict(**how: object) -> CellVerdict:
    return under_bursts(**how).cell_verdict  # type: ignore[arg-type]


def test_a_cell_that_answers_every_request_is_kept_and_its_bursts_are_counted() -> None:
    found = verdict()
    assert (found.outcome, [burst.name for burst in found.bursts]) == (Outcome.KEPT, list(NAMES))
    assert {(burst.sent, burst.right, burst.hung, burst.casts_lost) for burst in found.bursts} == {(4, 4, 0, 0)}
    assert "all 12 requests of 3 bursts were answered" in found.why


def test_a_request_that_never_returns_makes_it_hung_and_is_counted_in_its_burst() -> None:
    found = verdict(status=None)
    assert found.outcome is Outcome.HUNG
    assert found.why.startswith("1 of 12 requests hung (1 of 4 warm)")
    assert [burst.hung for burst in found.bursts] == [0, 1, 0]


def test_one_that_was_given_up_while_the_cell_worked_is_none_of_those_that_hung() -> None:
    history = under_bursts(status=None, burst="after idling")
    (given_up,) = [event for event in only(history.events, Request) if event.data.failed]
    told = given_up.data.model_copy(update={"ms": 60_000.0, "patience_s": 9.0})
    history.events = [replace(given_up, data=told) if event == given_up else event for event in history.events]
    history.add("machine.work", given_up.t + 60.0, cell=None, over_s=60.0, parts={history.cell: {"ran_s": 59.0}})
    found = history.cell_verdict
    assert (found.outcome, found.cause, [burst.hung for burst in found.bursts]) == (
        Outcome.INCONCLUSIVE,
        "late",
        [0, 0, 0],
    )


def test_a_call_without_a_reply_hangs_as_well() -> None:
    assert verdict(status=504).outcome is Outcome.HUNG


def test_an_error_of_another_kind_is_a_failure() -> None:
    found = verdict(status=500)
    assert (found.outcome, found.cause) == (Outcome.FAILED, "refused")


def test_a_cast_that_never_arrived_is_a_failure_though_it_was_answered_with_a_success() -> None:
    found = verdict(arrive=False)
    assert (found.outcome, found.cause) == (Outcome.FAILED, "cast_lost")
    assert [burst.casts_lost for burst in found.bursts] == [0, 3, 0]


def test_connections_that_were_dead_after_idling_and_hurt_nobody_are_a_recovery() -> None:
    found = verdict(beating=False)
    assert found.outcome is Outcome.RECOVERED
    assert found.recovered_after_s == 0.02
    assert "had been closed while it idled" in found.why


def test_several_bursts_after_idling_are_not_told_as_one() -> None:
    history = under_bursts(beating=False)
    for number in range(4):
        asked: dict[str, Any] = {"phase": "after", "what": "cast", "burst": "after idling", "attempt": 2}
        history.add("request", ASKED_AGAIN + 1.0 + number / 10, status=202, ms=20.0, **asked)
    assert "all 8 requests of the 2 bursts after it were answered" in history.cell_verdict.why


def test_more_connections_than_the_pool_may_hold_are_a_leak() -> None:
    history = under_bursts()
    facts = next(event for event in history.events if event.kind == "app.facts")
    at = history.events.index(facts)
    history.events[at] = Event(facts.data.model_copy(update={"conn_pool_size": 0}), facts.t, facts.cell, facts.pid)
    assert history.cell_verdict.outcome is Outcome.LEAKED


def test_a_run_that_ended_before_the_burst_after_idling_says_nothing_of_the_cell() -> None:
    history = under_bursts()
    history.events = [event for event in history.events if event.t < ASKED_AGAIN]
    found = history.cell_verdict
    assert (found.outcome, found.cause) == (Outcome.INCONCLUSIVE, "short_observation")
    assert found.why == "it was not asked again after the idle period"


def test_idling_is_not_the_question_of_a_burst() -> None:
    assert verdict(beating=False).cause == ""
    assert IDLE_FROM < ASKED_AGAIN


def test_casts_whose_answers_bear_no_number_of_their_request_are_not_lost() -> None:
    history = under_bursts()
    history.events = [
        replace(event, data=event.data.model_copy(update={"request_id": None}))
        if isinstance(event.data, Request) and event.data.what == "cast"
        else event
        for event in history.events
    ]
    found = history.cell_verdict
    assert found.outcome is Outcome.KEPT
    assert [burst.casts_lost for burst in found.bursts] == [None] * 3
