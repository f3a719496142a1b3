"""Runs the engine once a session for each probe, on all cells selected, and shows the verdicts at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cells import expressions as cells
from heartbed.cells.axes import TABLE
from heartbed.cells.settings import Settings, heartbeat
from heartbed.places import ROOT
from heartbed.report import RunData
from heartbed.report.console import console
from heartbed.report.terminal import summary
from heartbed.studies import matrix
from heartbed.studies.session import Session

SERVERS = ("prefork", "event")
RUN_DATA = pytest.StashKey[RunData]()
TRICKLE_DATA = pytest.StashKey[RunData]()


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
        action="append",
        choices=[*probes.every()],
        help="Play this probe only; may be given several times.",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of other probes out where some are named."""
    if wanted := config.getoption("--probe"):
        others = [item for item in items if any(mark.args[0] not in wanted for mark in item.iter_markers("probe"))]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def servers(config: pytest.Config) -> tuple[str, ...]:
    """The servers that were asked for."""
    return tuple(config.getoption("--server") or SERVERS)


def selection(config: pytest.Config) -> cells.Selection:
    """The cells of the suite: those of the reference matrix in the default version of oslo.messaging."""
    reference = matrix.selection(servers(config)).cells
    return cells.Selection(tuple(cell for cell in reference if cell.oslo == cells.DEFAULT_OSLO))


@pytest.fixture(scope="session")
def run_data(pytestconfig: pytest.Config) -> RunData:
    """One run of the idle probe on all cells. Its record, verdicts and report stay in ``runs/``."""
    pytestconfig.stash[RUN_DATA] = _played(pytestconfig, "idle")
    return pytestconfig.stash[RUN_DATA]


@pytest.fixture(scope="session")
def trickle_data(pytestconfig: pytest.Config) -> RunData:
    """One run of the trickle probe on all cells."""
    pytestconfig.stash[TRICKLE_DATA] = _played(pytestconfig, "trickle")
    return pytestconfig.stash[TRICKLE_DATA]


def _played(config: pytest.Config, probe: str) -> RunData:
    chosen = selection(config)
    settings = Settings(
        heartbeat_s=heartbeat(os.environ.get("HEARTBED_HEARTBEAT", "2")),
        runs=Path(os.environ.get("HEARTBED_RUNS", ROOT / "runs")),
        probe=probe,
    )
    session = Session(settings)
    capture = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        session.say("")
        return session.judge(session.record(chosen))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for key in (RUN_DATA, TRICKLE_DATA):
        data = config.stash.get(key, None)
        if data is not None:
            terminalreporter.section(f"verdicts: {data.verdict.probe}")
            console().print(summary(data))
