"""The burst probe: every request is answered, however many come at a time, cold, warm and after an idle time.

eventlet with several request threads in one process is known not to: a reply
is read by the green thread of one of them, and cannot wake those of the others.
"""

from __future__ import annotations

import pytest

from heartbed.cells.cell import Cell
from heartbed.report import RunData
from heartbed.verdict.values import CellVerdict, Outcome
from tests.probes import known
from tests.probes.fates import for_each_cell

pytestmark = [pytest.mark.docker, pytest.mark.probe("burst")]


class RequestHungError(AssertionError):
    """A request never returned, and the record says how many and where."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for_each_cell(metafunc, test_every_request_of_the_bursts_is_answered, known.hang, RequestHungError)


def test_every_request_of_the_bursts_is_answered(verdict: CellVerdict, cell: Cell) -> None:
    if verdict.cause == "deadlock" and (reason := known.race(cell)) and not known.hang(cell):
        pytest.xfail(f"{reason}: {verdict.why}")
    if verdict.outcome is Outcome.HUNG:
        raise RequestHungError(f"{verdict.cell}: {verdict.why}")
    assert verdict.outcome.good, f"{verdict.outcome}: {verdict.why}"


def test_the_bursts_were_more_than_the_cell_can_serve_at_a_time(verdict: CellVerdict, cell: Cell) -> None:
    names = [*dict.fromkeys(burst.name for burst in verdict.bursts)]
    # A cell that hangs for good in the first is sent no more.
    assert names == ["cold", "warm", "after idling"] or (verdict.outcome is Outcome.HUNG and names[:1] == ["cold"])
    assert all(burst.sent > cell.process_count * cell.thread_count for burst in verdict.bursts)
    for burst in verdict.bursts:
        assert burst.sent == burst.right + burst.wrong + burst.hung


def test_what_chance_decides_was_tried_in_several_copies_of_the_cell(verdict: CellVerdict, cell: Cell) -> None:
    assert verdict.tries is not None
    assert verdict.tries.by_chance is cell.shares_locks
    copies = max(burst.attempt for burst in verdict.bursts if burst.name == "cold")
    # Of a cell that hung at once no copy tells more.
    assert (copies > 1) is cell.shares_locks or verdict.outcome is Outcome.HUNG


def test_a_client_outside_every_server_answers_them_all(run_data: RunData) -> None:
    (native,) = [control for control in run_data.verdict.controls if control.name.startswith("native (burst)")]
    assert native.ok, native.observed
