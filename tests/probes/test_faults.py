"""The probes with a fault, on two cells: one whose threads beat by themselves, and one that notices when it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.record.kinds import Intervention
from heartbed.report import RunData
from heartbed.studies.session import Session
from heartbed.verdict.values import CellVerdict, Outcome

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CELLS = "prefork-daemon-{eventlet,native}"
FAULTS = ("firewall", "broker-restart", "broker-stop", "broker-pause", "broker-blocked")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> RunData:
    runs: Path = tmp_path_factory.mktemp("runs")
    session = Session(Settings(runs=runs, scenarios=probes.scenarios(FAULTS)), quiet=True)
    return session.judge(session.record(select([CELLS])))


def under(played: RunData, model: str, probe: str) -> CellVerdict:
    (found,) = [c for c in played.verdict.cells if c.probe == probe and c.factors["model"] == model]
    return found


@pytest.mark.parametrize("probe", FAULTS)
@pytest.mark.parametrize("model", ["eventlet", "native"])
def test_a_cell_is_well_again_by_itself(played: RunData, model: str, probe: str) -> None:
    found = under(played, model, probe)
    assert found.outcome is Outcome.RECOVERED, f"{found.outcome}: {found.why}"
    assert found.recovered_after_s is not None


@pytest.mark.parametrize("probe", FAULTS)
def test_the_client_outside_every_server_has_met_the_fault_too(played: RunData, probe: str) -> None:
    (native,) = [control for control in played.verdict.controls if control.name.startswith(f"native ({probe})")]
    assert native.ok, native.observed


def test_only_what_beats_opens_its_connections_again_without_being_asked(played: RunData) -> None:
    assert "by itself" in under(played, "native", "firewall").why
    assert "when it was asked" in under(played, "eventlet", "firewall").why


@pytest.mark.parametrize("probe", ["broker-pause", "broker-blocked"])
def test_of_what_beats_no_more_rabbitmq_closes_both_connections_after_a_fault_that_spares_them(
    played: RunData, probe: str
) -> None:
    assert under(played, "eventlet", probe).why.count("closed by RabbitMQ for missed heartbeats") == 2


def test_everything_that_was_done_has_been_undone(played: RunData) -> None:
    done = [event.data for event in played.of_kind(Intervention)]
    over = {(each.who, each.act, each.number) for each in done if each.ended is not None}
    assert {(each.who, each.act, each.number) for each in done} == over
    assert not [each for each in done if each.error]
