"""The one sentence that follows from the verdicts."""

from __future__ import annotations

import pytest

from heartbed.cells.expressions import select
from heartbed.verdict.answer import answer
from heartbed.verdict.values import CellVerdict, Cost, Outcome

KEPT, LOST, HUNG, UNKNOWN = Outcome.KEPT, Outcome.LOST, Outcome.HUNG, Outcome.INCONCLUSIVE


def said(probe: str = "idle", **outcomes: Outcome) -> str:
    """The sentence on cells with these outcomes; underscores stand for dashes."""
    verdicts = [verdict(name.replace("_", "-"), outcome) for name, outcome in outcomes.items()]
    return answer([each.model_copy(update={"probe": probe}) for each in verdicts])


def verdict(name: str, outcome: Outcome) -> CellVerdict:
    (cell,) = select([name]).cells
    return CellVerdict(
        cell=cell.name,
        factors=cell.factors,
        asked={},
        observed={},
        disagreements=[],
        connections=[],
        outcome=outcome,
        cause="",
        why="",
        lost_after_s=None,
        cost=Cost(before_ms=None, after_ms=None, after_status=None),
        evidence=[],
    )


def test_one_cell() -> None:
    assert said(prefork_native=KEPT) == "The cell keeps its connections when idle."
    assert said(prefork=LOST) == "The cell does not keep its connections when idle."
    assert said(prefork=HUNG) == "The cell hangs when idle."


def test_all_alike() -> None:
    assert said(prefork_native=KEPT, event_native=KEPT) == "Every one of the 2 cells keeps its connections when idle."
    assert said(prefork=LOST, event=HUNG) == "Every one of the 2 cells hangs or loses connections when idle."
    assert said(prefork=LOST, event=LOST) == "None of the 2 cells keeps its connections when idle."


def test_what_is_kept_and_what_is_well_again_are_told_apart() -> None:
    assert said("burst", prefork_native=KEPT, event_native=Outcome.RECOVERED) == (
        "Every one of the 2 cells keeps its connections or is well again by itself under burst."
    )
    assert said("burst", prefork_native=Outcome.RECOVERED) == "The cell is well again by itself under burst."


def test_the_axis_that_decides_and_those_that_make_no_difference() -> None:
    assert said(prefork_eventlet=LOST, prefork_native=KEPT, event_eventlet=LOST, event_native=KEPT) == (
        "It is how the application runs its threads that decides: native threads kept every connection, eventlet with "
        "its green heartbeat thread did not; the MPM made no difference."
    )


def test_an_axis_with_which_the_fate_of_the_others_differs_made_a_difference() -> None:
    told = said(prefork_eventlet=LOST, prefork_native=KEPT, event_eventlet=HUNG, event_native=KEPT)
    assert told.endswith("did not; how those fared differed with the MPM.")
    assert "no difference" not in told


def test_what_does_not_even_answer_afterwards_is_told_besides() -> None:
    cells = [
        verdict(name, LOST if "eventlet" in name else KEPT)
        for name in ("prefork-eventlet", "prefork-native", "event-eventlet", "event-native")
    ]
    dead = Cost(before_ms=500.0, after_ms=5047.0, after_status=504)
    cells[2] = cells[2].model_copy(update={"cost": dead})
    assert answer(cells).endswith(
        "did not; the MPM made no difference to that. In event-daemon-eventlet not even the first request after the "
        "idle period was answered rightly (HTTP 504)."
    )


def told(by_name: dict[str, Outcome]) -> str:
    """The sentence on cells by their names, where these have dots in them."""
    return answer([verdict(name, outcome) for name, outcome in by_name.items()])


def test_a_release_is_a_set_and_not_its_oslo_messaging() -> None:
    found = {"uwsgi-eventlet-pthread-train": LOST, "uwsgi-eventlet-pthread-2025.1": KEPT}
    assert told(found) == (
        "It is the Python or the OpenStack release that decides, but they were varied only together: "
        "Python 3.13 with 2025.1 kept every connection, Python 3.9 with train did not."
    )
    found = {"uwsgi-eventlet-pthread-train": LOST, "uwsgi-eventlet-pthread-zed": KEPT}
    assert told(found) == "It is the OpenStack release that decides: zed kept every connection, train did not."
    found = {"uwsgi-eventlet-pthread-2026.1": KEPT, "uwsgi-eventlet-pthread-oslo17.3.2": LOST}
    assert told(found) == (
        "It is the OpenStack release that decides: 2026.1 kept every connection, Heartbed's own versions did not."
    )


def test_a_version_named_beside_releases_is_an_axis_of_its_own() -> None:
    found = {"uwsgi-eventlet-pthread-train": LOST, "uwsgi-eventlet-pthread-train-oslo14.3.0": KEPT}
    assert told(found).startswith("It is the version of oslo.messaging that decides: 14.3.0 kept")


def test_what_only_processes_differ_in_is_not_put_down_to_the_mpm() -> None:
    found = {
        "prefork-native": KEPT,
        "event-native": KEPT,
        "event-eventlet-processes1": LOST,
        "prefork-eventlet-processes3": HUNG,
    }
    assert told(found).startswith("It is how the application runs its threads or the number of processes that decides")
    assert "differed" not in told(found)


def test_a_mode_that_a_server_does_not_have_is_no_difference() -> None:
    found = {"uwsgi-native": KEPT, "prefork-native": KEPT, "uwsgi-eventlet": LOST, "prefork-eventlet": LOST}
    assert told(found).endswith("did not; the server made no difference.")


def test_any_axis_can_decide() -> None:
    found = {"gunicorn-eventlet-sync": KEPT, "gunicorn-eventlet-gthread": HUNG}
    assert told(found) == ("It is the class of gunicorn's workers that decides: sync fared well, gthread did not.")
    found = {"uwsgi-kombu5.6.0": KEPT, "uwsgi-kombu5.3.0": LOST}
    assert told(found).startswith("It is the version of kombu that decides: 5.6.0 kept")


def test_another_probe_than_idle_is_named() -> None:
    assert said("trickle", prefork_native=KEPT) == "The cell keeps its connections under trickle."
    assert said("trickle", prefork=LOST, event=LOST) == "None of the 2 cells keeps its connections under trickle."
    told = said("trickle", prefork_eventlet=LOST, prefork_native=KEPT)
    assert told.startswith("Under trickle, it is how the application runs its threads that decides: ")


def test_axes_that_were_varied_only_together_are_not_told_apart() -> None:
    told = said(prefork_eventlet=LOST, event_native=KEPT)
    assert told == (
        "It is the MPM or how the application runs its threads that decides, but they were varied only together: "
        "event with native threads kept every connection, "
        "prefork with eventlet with its green heartbeat thread did not."
    )
    assert "no difference" not in told


def test_no_difference_is_claimed_of_an_axis_that_was_never_varied_by_itself() -> None:
    told = said(prefork_native=KEPT, event_eventlet=LOST, prefork_eventlet_pthread=LOST)
    assert told == (
        "It goes with how the application runs its threads, but not each was tried with all else the same: native "
        "threads kept every connection, eventlet with its green heartbeat thread and eventlet with "
        "heartbeat_in_pthread did not."
    )


def test_a_server_that_was_tried_with_another_model_only_does_not_decide() -> None:
    found = {"prefork-eventlet": LOST, "gunicorn-eventlet": KEPT, "uwsgi-native": KEPT}
    assert told(found).startswith("It goes with the server, but not each was tried with all else the same: ")


def test_two_axes_that_only_together_decide() -> None:
    told = said(prefork_eventlet=LOST, prefork_native=KEPT, event_eventlet=KEPT, event_native=KEPT)
    assert told == (
        "No single choice decides. Not kept: prefork and eventlet with its green heartbeat thread. "
        "Every other of the 4 cells is kept."
    )


@pytest.mark.parametrize(
    ("well", "side", "others"),
    [
        ([KEPT, KEPT], "kept", "not kept"),
        ([Outcome.RECOVERED, Outcome.RECOVERED], "recovered", "not recovered"),
        ([Outcome.RECOVERED, KEPT], "kept or recovered", "neither kept nor recovered"),
    ],
)
def test_what_recovered_is_not_called_kept(well: list[Outcome], side: str, others: str) -> None:
    told = said("burst", prefork_eventlet=LOST, prefork_native=well[0], event_eventlet=well[1], event_native=well[0])
    assert told == (
        f"Under burst, no single choice decides. {others[:1].upper()}{others[1:]}: prefork and eventlet with its green "
        f"heartbeat thread. Every other of the 4 cells is {side}."
    )


@pytest.mark.parametrize("outcome", [KEPT, LOST])
def test_what_is_not_known_is_told_and_decides_nothing(outcome: Outcome) -> None:
    told = said(prefork=outcome, event=UNKNOWN)
    assert told.startswith("The cell ")
    assert told.endswith(" 1 of 2 cells remain inconclusive.")


def test_nothing_known_nothing_said() -> None:
    assert said(prefork=UNKNOWN, event=UNKNOWN) == "Nothing can be said: every cell is inconclusive."
