"""What is said of a cell that a probe was played on again and again, by hand-made records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heartbed.record.event import only
from heartbed.record.history import sort
from heartbed.record.kinds import RunStart
from heartbed.record.rounds import history as of_round
from heartbed.record.rounds import rounds
from heartbed.verdict.soak import words
from heartbed.verdict.values import CellVerdict, Growth, Outcome
from tests.unit.histories import ASKED_AGAIN, IDLE_FROM, TIMEOUT_S, History

ROUND_S = 3 * TIMEOUT_S + 2.0
MIB = 2**20


def level(_: int) -> float:
    return 40.0


def soaked(  # the arguments are what a soak measures
    count: int = 12,
    *,
    fail_in: int | None = None,
    memory: Callable[[int], float] = level,
    left_open: Callable[[int], int] = lambda _: 0,
    measured: bool = True,
) -> History:
    """``count`` rounds of idling; ``memory`` is in MiB, ``left_open`` how many connections a round leaves."""
    history = History.of()
    (start,) = only(history.events[:1], RunStart)
    cells = [asked.model_copy(update={"probe": "soak:of=idle"}) for asked in start.data.cells]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells, "probe": "soak:of=idle"}))
    history.drop("request", phase="after")
    end = ASKED_AGAIN + count * ROUND_S
    for number, purpose in enumerate(("SEND", "LISTEN")):
        history.beat(history.connection(purpose, 40001 + number), end=end)
    beating = next(e.conn for e in history.events if e.cell == "control-beating")
    assert beating is not None
    history.beat(beating, start=ASKED_AGAIN, end=end)
    for second in range(8, int(end - IDLE_FROM)):
        history.add("machine.lag", IDLE_FROM + second, cell=None, max_ms=5.0, steps_ms=0.0)
    for number in range(count):
        begun = IDLE_FROM + number * ROUND_S
        asked = begun + 3 * TIMEOUT_S + 1.0
        history.add("cell.state", begun, state="opened", pids=[history.pid])
        if measured:
            octets = int(memory(number) * MIB)
            history.add("process.usage", asked - 1.0, descriptors=9, threads=3, rss_octets=octets, pss_octets=octets)
        history.add("cell.state", asked - 0.01, state="asking")
        status = 504 if number == fail_in else 200
        history.add("request", asked, phase="after", what="call", status=status, ms=20.0, error=None)
        for each in range(left_open(number)):
            conn = history.connection("SEND", 41000 + 10 * number + each, opened=asked + 0.1)
            history.beat(conn, start=asked, end=end)
        history.add("cell.state", asked + 0.5, state="done")
    history.end()
    return history


def verdict(*args: int, **how: object) -> CellVerdict:
    return soaked(*args, **how).cell_verdict  # type: ignore[arg-type]


def grown(found: CellVerdict) -> dict[str, Growth]:
    return {each.what: each for each in found.growth}


def test_what_is_kept_in_every_round_and_holds_no_more_is_kept_and_says_what_was_measured() -> None:
    found = verdict()
    assert found.outcome is Outcome.KEPT, found.why
    assert found.why.startswith("kept in 12 rounds")
    assert "measured at the end of 12 idle times over 88 s: connections 2, +0 an hour (0 to 0)" in found.why
    assert [*grown(found)] == ["connections", "queues", "file descriptors", "threads", "memory"]
    assert not any(each.grows for each in found.growth)


def test_each_round_is_judged_as_if_it_were_all() -> None:
    (cell,) = sort(soaked(3).events).cells
    played = rounds(cell)
    assert len(played) == 3
    second = of_round(cell, played, 1)
    assert [(e.data.phase, e.data.what) for e in second.requests("before", "after")] == [
        ("before", "call"),
        ("after", "call"),
    ]
    assert second.idle_from == pytest.approx(ASKED_AGAIN + 0.02)
    assert second.asked_again == pytest.approx(ASKED_AGAIN + ROUND_S)


def test_one_bad_round_of_many_is_counted() -> None:
    found = verdict(fail_in=4)
    assert found.outcome is Outcome.HUNG
    assert found.why.startswith("hung in 1 of 12 rounds; first in round 5: ")


def test_memory_that_grows_to_the_end_is_a_leak() -> None:
    found = verdict(memory=lambda n: 40.0 + n)
    assert (found.outcome, found.cause) == (Outcome.LEAKED, "grows")
    assert found.why.startswith("memory 51.0 MiB, +450 MiB an hour (")
    assert [each.kind for each in found.evidence if each.kind == "process.usage"] == ["process.usage"] * 2


def test_memory_that_levels_off_has_been_warming_up() -> None:
    found = verdict(20, memory=lambda n: 40.0 + min(n, 9))
    assert grown(found)["memory"].low > 0
    assert found.outcome is Outcome.KEPT


def test_memory_that_grows_by_less_than_an_allocator_keeps_is_told_and_no_leak() -> None:
    found = verdict(memory=lambda n: 40.0 + n / 100)
    assert grown(found)["memory"].low > 0
    assert found.outcome is Outcome.KEPT
    assert "; memory grew, by too little in this time to tell a leak from a start (--for longer): " in found.why


def with_ended(history: History, in_round: Callable[[int], int], octets: int) -> History:
    """In each round so many processes more, which were measured and have ended before it was over."""
    run_end, pid = history.events.pop(), history.pid
    for number in range(12):
        begun = IDLE_FROM + number * ROUND_S
        for each in range(in_round(number)):
            history.pid = 1000 + 100 * number + each
            history.add("process.usage", begun + 1.0, descriptors=9, threads=3, rss_octets=octets, pss_octets=octets)
            history.add("process.gone", begun + 2.0)
    history.pid, history.events = pid, [*history.events, run_end]
    return history


def test_what_processes_held_that_have_ended_is_held_no_more() -> None:
    found = with_ended(soaked(), lambda n: n, 40 * MIB).cell_verdict
    assert found.outcome is Outcome.KEPT, found.why
    assert {what: each.last for what, each in grown(found).items() if what in {"threads", "memory"}} == {
        "threads": 3,
        "memory": 40 * MIB,
    }


def test_a_process_that_lives_is_shown_where_memory_grows_and_not_a_larger_one_that_has_ended() -> None:
    found = with_ended(soaked(memory=lambda n: 40.0 + n), lambda _: 1, 400 * MIB).cell_verdict
    assert (found.outcome, found.cause) == (Outcome.LEAKED, "grows")
    held = [each.text for each in found.evidence if each.kind == "process.usage"]
    assert [each.partition(" holds")[0] for each in held] == ["process 12"] * 2


def test_a_number_that_is_a_new_processs_now_counts_for_that_one() -> None:
    history = soaked(memory=lambda n: 40.0 + n)
    run_end = history.events.pop()
    for number in range(12):
        history.add("process.gone", IDLE_FROM + number * ROUND_S + 1.0)
    history.events.append(run_end)
    assert grown(history.cell_verdict)["memory"].last == 51 * MIB


def test_connections_that_are_left_open_are_a_leak_of_their_own() -> None:
    found = verdict(left_open=lambda _: 1)
    assert (found.outcome, found.cause) == (Outcome.LEAKED, "left_open")
    assert found.why.startswith("connections 13, +450 an hour")


def test_a_worse_round_has_the_say_and_growth_is_a_note() -> None:
    found = verdict(fail_in=2, memory=lambda n: 40.0 + n)
    assert found.outcome is Outcome.HUNG
    assert any(note.startswith("besides, it grows: memory") for note in found.notes)


def test_too_few_rounds_are_inconclusive() -> None:
    found = verdict(7)
    assert (found.outcome, found.cause, found.growth) == (Outcome.INCONCLUSIVE, "short_observation", [])
    assert "7 rounds in 56 s are too few to tell whether it grows, which takes 8" in found.why


def test_what_was_not_measured_is_said() -> None:
    found = verdict(measured=False)
    assert found.outcome is Outcome.KEPT
    assert "not measured: file descriptors, threads, memory" in found.notes


def test_growth_is_worded_with_its_interval() -> None:
    told = Growth(
        what="threads", unit="", first=3, last=5, per_hour=40, low=20, high=60, samples=9, over_s=90, grows=True
    )
    assert words(told) == "threads 5, +40 an hour (20 to 60)"


def stopped_in_round(number: int, *, by_the_probe: bool) -> CellVerdict:
    history = soaked()
    ended = history.events.pop()
    at = IDLE_FROM + number * ROUND_S + 1.0
    told: dict[str, Any] = {"who": "soak:of=idle", "number": 1, "what": "stopped", "where": history.cell}
    if by_the_probe:
        history.add("intervention", at, **told | {"from": at, "to": at + 1.0})
    for action, after in (("die", 0.5), ("disconnect", 0.6), ("connect", 0.8)):
        history.add("container.changed", at + after, action=action)
    history.events.append(ended)
    return history.cell_verdict


def test_what_the_probe_did_to_a_container_in_one_round_disturbs_no_other() -> None:
    assert stopped_in_round(1, by_the_probe=True).outcome is Outcome.KEPT


def test_what_nobody_meant_disturbs_its_own_round_alone() -> None:
    found = stopped_in_round(1, by_the_probe=False)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "inconclusive in 1 of 12 rounds; first in round 2: its container ended, not by the probe" in found.why
