"""Runs the engine once a session, on all cells selected, and shows the verdicts at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from heartbed import cells, record
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
    """The cells of the suite: each server, embedded and daemon where it is httpd, with each execution model."""
    modes = cells.AXES[1]
    models = "{eventlet,eventlet-pthread,native}"
    return cells.select(
        [
            f"{server}-{{{','.join(modes.tokens)}}}-{models}" if modes.applies_to(server) else f"{server}-{models}"
            for server in servers(config)
        ]
    )


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
