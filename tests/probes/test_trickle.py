"""The trickle probe: pages that do not touch RabbitMQ save no connection that is lost when idle.

A green thread runs only while the thread that answers a page switches to its
hub. These pages wait for nothing, so none is switched to: they change nothing.
"""

from __future__ import annotations

from itertools import pairwise

import pytest

from heartbed.cells.cell import Cell
from heartbed.record.event import Event
from heartbed.record.kinds import Request
from heartbed.report import RunData
from heartbed.verdict.pages import CARRIED, NO_HELP, NOTHING
from heartbed.verdict.values import CellVerdict, Outcome
from tests.probes.fates import for_each_cell, must_be_kept

pytestmark = [pytest.mark.docker, pytest.mark.probe("trickle")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for_each_cell(metafunc, test_connections_are_kept_while_pages_are_asked_for)


@pytest.fixture
def pages(run_data: RunData, verdict: CellVerdict) -> list[Event[Request]]:
    return [e for e in run_data.of_cell(verdict, Request) if e.data.phase == "during"]


def test_connections_are_kept_while_pages_are_asked_for(verdict: CellVerdict, cell: Cell) -> None:
    must_be_kept(verdict, cell)


def test_pages_were_asked_for_at_a_steady_interval_and_answered(
    verdict: CellVerdict, pages: list[Event[Request]]
) -> None:
    timeout = float(verdict.asked["heartbeat_s"])
    (idle_from,) = {c.idle_from for c in verdict.connections}
    assert idle_from is not None
    assert len(pages) >= 6
    assert {page.data.status for page in pages} == {200}
    assert pages[0].t - idle_from < timeout
    # The next is due by then, or as soon as the one before it was answered.
    assert [
        (one.t, after.t)
        for one, after in pairwise(pages)
        if after.t - one.t > max(timeout, one.data.ms / 1000 + timeout / 2)
    ] == []
    assert {c.pid for c in verdict.connections} == {page.pid for page in pages}


def test_a_loss_is_proven_to_be_one_in_spite_of_the_pages(verdict: CellVerdict) -> None:
    if verdict.outcome is not Outcome.LOST or verdict.cause == "deadlock":
        return
    assert verdict.cause == "hub_not_run"
    assert NO_HELP.format(NOTHING) in verdict.notes
    if "mid-idle" in verdict.why:  # on a busy machine that look may have come too late to tell
        assert "answered since its timer was due" in verdict.why
    assert all(c.outcome is Outcome.LOST for c in verdict.connections), "a page saves neither purpose"


def test_what_is_kept_is_not_kept_by_the_pages(verdict: CellVerdict) -> None:
    assert CARRIED not in verdict.notes


def test_the_verdict_says_which_probe_was_played(verdict: CellVerdict) -> None:
    assert verdict.probe == "trickle"


def test_every_control_behaved(run_data: RunData) -> None:
    assert [(control.name, control.observed) for control in run_data.verdict.controls if not control.ok] == []
