"""The probes under which processes are replaced, and debug logging, on servers of each family."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.record.kinds import AppLog, Intervention
from heartbed.report import RunData
from heartbed.studies.session import Session
from heartbed.verdict.recycling import RECYCLED
from heartbed.verdict.reload import RELOADED, RESTARTED
from heartbed.verdict.renewal import OPEN
from heartbed.verdict.values import CellVerdict, Outcome

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELLS = ("prefork-embedded-native", "event-daemon-native", "uwsgi-native", "gunicorn-native")
RENEWING = ("reload", "recycle")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    runs: Path = tmp_path_factory.mktemp("runs")
    session = Session(Settings(runs=runs, scenarios=probes.scenarios(RENEWING)), quiet=True)
    return session.judge(session.record(select(CELLS)))


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    runs: Path = tmp_path_factory.mktemp("runs")
    session = Session(Settings(runs=runs, scenarios=probes.scenarios(["debug-log"])), quiet=True)
    return session.judge(session.record(select(["prefork-daemon-{native,eventlet}"])))


def under(played: RunData, cell: str, probe: str) -> CellVerdict:
    (found,) = [c for c in played.verdict.cells if c.probe == probe and c.cell == cell]
    return found


@pytest.mark.parametrize("cell", CELLS)
def test_a_server_that_is_renewed_is_well_again_by_itself(played: RunData, cell: str) -> None:
    found = under(played, cell, "reload")
    assert found.outcome.good, f"{found.outcome}: {found.why}"
    told, restarted = found.renewals
    assert (told.name, restarted.name) == (RELOADED, RESTARTED)
    assert restarted.lost > 0, "nobody answers while it is stopped"
    for each in found.renewals:
        assert each.connections.get(OPEN, 0) == 0
        assert sum(each.connections.values()) >= 2, "each of them had opened its own before the next"


@pytest.mark.parametrize("cell", CELLS)
def test_processes_that_are_recycled_take_no_request_along(played: RunData, cell: str) -> None:
    found = under(played, cell, "recycle")
    assert found.outcome is Outcome.KEPT, f"{found.outcome}: {found.why}"
    (told,) = found.renewals
    assert told.name == RECYCLED
    assert (told.processes_ended or 0) >= 2
    # SEND and LISTEN of each new process; the last one may have been asked for one of both only.
    assert told.connections_opened >= 2 * (told.processes_ended or 0) - 1


@pytest.mark.parametrize("probe", RENEWING)
def test_a_client_outside_every_server_is_well_too(played: RunData, probe: str) -> None:
    (native,) = [control for control in played.verdict.controls if control.name.startswith(f"native ({probe})")]
    assert native.ok, native.observed


def test_each_cell_was_told_to_reload_and_then_stopped_and_started(played: RunData) -> None:
    done = [e for e in played.of_kind(Intervention) if e.data.ended is not None]
    for cell in CELLS:
        ways = [e.data.details["renewal"] for e in sorted(done, key=lambda e: e.data.begun) if e.cell == cell]
        assert ways == [RELOADED, RESTARTED]
    assert not [e for e in done if e.data.error]


def test_debug_logging_is_on_and_a_cell_that_beats_natively_is_kept_with_it(logged: RunData) -> None:
    native = under(logged, "prefork-daemon-native", "debug-log")
    assert native.outcome is Outcome.KEPT, native.why
    said = {e.data.logger for e in logged.of_cell(native, AppLog) if e.data.level == "debug"}
    assert "amqp.connection.Connection.heartbeat_tick" in said


def test_a_cell_that_loses_its_connections_when_idle_loses_them_with_debug_logging_too(logged: RunData) -> None:
    green = under(logged, "prefork-daemon-eventlet", "debug-log")
    assert (green.outcome, green.cause) == (Outcome.LOST, "hub_not_run"), green.why
