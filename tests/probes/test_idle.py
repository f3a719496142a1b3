"""The idle probe: connections that are left alone for three heartbeat timeouts must still be there."""

from __future__ import annotations

import pytest

from heartbed.cells.cell import Cell
from heartbed.record.connection import Purpose
from heartbed.record.event import only
from heartbed.record.kinds import MachineLag, WireClose
from heartbed.report import RunData
from heartbed.verdict.values import CellVerdict, Outcome
from tests.probes.fates import for_each_cell, must_be_kept

pytestmark = [pytest.mark.docker, pytest.mark.probe("idle")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for_each_cell(metafunc, test_idle_connections_are_kept)


def test_idle_connections_are_kept(verdict: CellVerdict, cell: Cell) -> None:
    must_be_kept(verdict, cell)


def test_each_process_had_a_connection_of_either_purpose(verdict: CellVerdict) -> None:
    by_pid = {(c.pid, c.purpose) for c in verdict.connections}
    pids = {pid for pid, _ in by_pid}
    assert pids
    assert None not in pids
    for pid in pids:
        assert {(pid, Purpose.SEND), (pid, Purpose.LISTEN)} <= by_pid


def test_the_cell_is_what_it_was_asked_to_be(verdict: CellVerdict) -> None:
    assert verdict.disagreements == []
    assert verdict.observed["server"] == verdict.factors["server"]


def test_the_timeout_was_negotiated_as_asked(verdict: CellVerdict) -> None:
    assert {c.timeout_s for c in verdict.connections} == {float(verdict.asked["heartbeat_s"])}


def test_a_lost_connection_was_closed_two_to_three_timeouts_after_its_last_octet(
    run_data: RunData, verdict: CellVerdict
) -> None:
    late_s = max(event.data.max_ms for event in only(run_data.events, MachineLag)) / 1000
    for connection in verdict.connections:
        if connection.outcome is Outcome.LOST:
            assert connection.timeout_s is not None
            assert connection.lost_after_s is not None
            assert 1.9 * connection.timeout_s <= connection.lost_after_s <= 3.1 * connection.timeout_s + late_s


def test_a_loss_has_a_proven_cause(verdict: CellVerdict) -> None:
    for connection in verdict.connections:
        if connection.outcome is Outcome.LOST:
            assert connection.cause in ("hub_not_run", "deadlock"), connection.why


def test_the_first_request_after_a_loss_pays_for_the_reconnection(verdict: CellVerdict) -> None:
    if verdict.cause == "hub_not_run":
        assert verdict.cost.after_ms is not None
        assert verdict.cost.after_ms >= 1000  # kombu_reconnect_delay is 1.0 s
    elif verdict.outcome is Outcome.KEPT:
        assert verdict.cost.after_status == 200


def test_every_control_behaved(run_data: RunData) -> None:
    assert [(control.name, control.observed) for control in run_data.verdict.controls if not control.ok] == []


def test_the_time_of_loss_is_that_of_the_brokers_rst(run_data: RunData) -> None:
    for cell in run_data.verdict.cells:
        for connection in cell.connections:
            if connection.outcome is not Outcome.LOST:
                continue
            resets = [e.t for e in run_data.of_connection(connection, WireClose) if e.data.sender == "broker"]
            assert connection.closed is not None
            assert abs(connection.closed - min(resets)) <= 0.05
