"""On which cells the recycle probe can be played, and what their servers are told."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace
from typing import Any, cast

import pytest

from heartbed.candidates.subject import Candidate
from heartbed.cells.axes import CONTROL
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.recycling import NEVER, VARIABLE, Recycling
from heartbed.cells.subject import subjects
from heartbed.probes import recycle
from heartbed.probes.recycle import MOST, PROBE
from heartbed.stage.opened import OpenedCell
from heartbed.stage.stage import Stage

(CELL,) = select(["prefork-daemon-native"]).cells
VALUES = PROBE.values({})


def candidate(recycles: Recycling) -> Candidate:
    own = {each.name: getattr(CELL, each.name) for each in fields(Cell)}
    return Candidate(**own, label="nova", recycles=recycles)


def test_a_cell_on_the_testbeds_own_configuration_is_asked_for_a_limit() -> None:
    assert PROBE.refuses(CELL) == ""
    assert PROBE.variables(CELL, VALUES) == {VARIABLE: "12"}


def test_a_users_configuration_is_played_with_its_own_limit() -> None:
    own = candidate(Recycling(MOST, "maximum-requests"))
    assert PROBE.refuses(own) == ""
    assert PROBE.variables(own, VALUES) == {}


@pytest.mark.parametrize(
    ("recycles", "why"),
    [
        (NEVER, "it sets no number of requests after which a process is replaced"),
        (
            Recycling(4000, "MaxConnectionsPerChild"),
            "MaxConnectionsPerChild 4000 is more than the 200 requests that are waited for here",
        ),
    ],
)
def test_one_without_a_limit_or_with_one_that_is_not_reached_is_left_out(recycles: Recycling, why: str) -> None:
    assert PROBE.refuses(candidate(recycles)) == why


def test_a_client_outside_every_server_has_none_that_would_replace_it() -> None:
    (outside,) = select([CONTROL]).cells
    assert outside.recycling == NEVER
    assert PROBE.variables(outside, VALUES) == {}


def test_each_time_that_it_is_repeated_processes_are_to_be_replaced_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(recycle, "wait_until", lambda _, reached, _for_s: waited.append(reached()))
    (subject,) = subjects([CELL])
    opened = OpenedCell(subject, cast("Any", SimpleNamespace(wait_longer=lambda _: None)), pids={1})
    worker = SimpleNamespace(end=lambda: None)
    stage = cast("Stage", SimpleNamespace(parameters=VALUES, worker=lambda *_: worker))
    for of_a_round in ([{1, 2}, {3}], [{3, 4}, {5}]):
        PROBE.begin(stage, opened)
        for answered in of_a_round:
            opened.steady.pids |= answered
            PROBE.stay(stage, opened)
    assert waited == [False, True, False, True]
