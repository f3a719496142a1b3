"""Runs the engine once a session, for all probes and cells selected, and shows the verdicts at the end."""

from __future__ import annotations

import argparse
import contextlib
import os
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells import expressions as cells
from heartbed.cells.axes import TABLE
from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings, heartbeat
from heartbed.cells.subject import Scenario
from heartbed.places import ROOT
from heartbed.report import RunData
from heartbed.report.console import console
from heartbed.report.terminal import summary
from heartbed.studies import matrix
from heartbed.studies.session import Session
from heartbed.verdict.values import CellVerdict

SERVERS = ("prefork", "event")
PLAYED = pytest.StashKey[RunData]()
SCENARIOS = pytest.StashKey[tuple[Scenario, ...]]()


def _probes(text: str) -> list[str]:
    """The probes that were named, without parameters: the tests are about those that they have by themselves."""
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in probes.every()]:
        raise argparse.ArgumentTypeError(f"unknown probe {unknown[0]!r}: choose from {', '.join(probes.every())}")
    return names


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("heartbed")
    group.addoption(
        "--server",
        action="append",
        choices=[*TABLE.axis("server").tokens],
        help="Play the probes on this server's cells only; may be given several times.",
    )
    group.addoption(
        "--probe",
        action="extend",
        type=_probes,
        help="Play these probes only, with commas between them; may be given several times.",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of others out, and of none, where probes are named; remember which those that stay are about."""
    if wanted := set(config.getoption("--probe") or ()):
        about = {item: {mark.args[0] for mark in item.iter_markers("probe")} for item in items}
        others = [item for item in items if not about[item] or about[item] - wanted]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
    marks = sorted({mark.args[0] for item in items for mark in item.iter_markers("probe")})
    config.stash[SCENARIOS] = probes.scenarios(marks)


def servers(config: pytest.Config) -> tuple[str, ...]:
    """The servers that were asked for."""
    return tuple(config.getoption("--server") or SERVERS)


def selection(config: pytest.Config) -> cells.Selection:
    """The cells of the suite: those of the reference matrix in the default version of oslo.messaging."""
    reference = matrix.selection(servers(config)).cells
    return cells.Selection(tuple(cell for cell in reference if cell.oslo == cells.DEFAULT_OSLO))


@pytest.fixture(scope="session")
def run_data(pytestconfig: pytest.Config) -> RunData:
    """One run of all probes that are tested, on all cells. Its record, verdicts and report stay in ``runs/``."""
    chosen = selection(pytestconfig)
    settings = Settings(
        heartbeat_s=heartbeat(os.environ.get("HEARTBED_HEARTBEAT", "2")),
        runs=Path(os.environ.get("HEARTBED_RUNS", ROOT / "runs")),
        scenarios=pytestconfig.stash[SCENARIOS],
    )
    session = Session(settings)
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        session.say("")
        pytestconfig.stash[PLAYED] = session.judge(session.record(chosen))
    return pytestconfig.stash[PLAYED]


@pytest.fixture
def verdict(run_data: RunData, cell: Cell, request: pytest.FixtureRequest) -> CellVerdict:
    """The verdict on the test's cell under the probe that the test is about."""
    mark = request.node.get_closest_marker("probe")
    found = run_data.cell(cell.name, mark.args[0])
    assert found is not None
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    data = config.stash.get(PLAYED, None)
    if data is not None:
        terminalreporter.section("verdicts")
        console().print(summary(data))
