"""Runs the engine once a session, on all cells selected, and shows the verdicts at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from heartbed import cells, matrix, record
from heartbed.cli.common import console, write_reports
from heartbed.report import RunData
from heartbed.report.live import LiveView
from heartbed.report.terminal import summary
from heartbed.run import execute
from heartbed.settings import ROOT, Settings, heartbeat
from heartbed.setup.images import images_for
from heartbed.verdict import judge

SERVERS = ("prefork", "event")
RUN_DATA = pytest.StashKey[RunData]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("heartbed")
    group.addoption(
        "--server",
        action="append",
        choices=[*cells.AXES[0].tokens],
        help="Play the probes on this server's cells only; may be given several times.",
    )


def servers(config: pytest.Config) -> tuple[str, ...]:
    """The servers that were asked for."""
    return tuple(config.getoption("--server") or SERVERS)


def selection(config: pytest.Config) -> cells.Selection:
    """The cells of the suite: those of the reference matrix in the default version of oslo.messaging."""
    reference = matrix.selection(servers(config)).cells
    return cells.Selection(tuple(cell for cell in reference if cell.oslo == cells.DEFAULT_OSLO))


@pytest.fixture(scope="session")
def run_data(pytestconfig: pytest.Config, request: pytest.FixtureRequest) -> RunData:
    """One run of all cells. Its record, verdicts and report stay in ``runs/``."""
    chosen = selection(pytestconfig)
    settings = Settings(
        heartbeat_s=heartbeat(os.environ.get("HEARTBED_HEARTBEAT", "2")),
        runs=Path(os.environ.get("HEARTBED_RUNS", ROOT / "runs")),
    )
    err = console(stderr=True)
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        err.print()
        with LiveView([cell.name for cell in chosen.cells], settings.heartbeat_s, console=err) as view:
            outcome = execute(chosen, settings, lambda wanted: images_for(wanted, err), [view])
    events = record.read(outcome.folder)
    data = RunData(verdict=judge(events), events=events, folder=outcome.folder)
    write_reports(data)
    pytestconfig.stash[RUN_DATA] = data
    return data


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    data = config.stash.get(RUN_DATA, None)
    if data is not None:
        terminalreporter.section("verdicts")
        console().print(summary(data))
