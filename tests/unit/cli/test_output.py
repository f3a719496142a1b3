"""Where an answer goes: to the terminal, into files for a gate, or to a program as it comes about."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from heartbed.cli import output
from heartbed.cli.output import FOR_GATES, Output, output_options
from heartbed.errors import TestbedError
from heartbed.record.event import Event
from heartbed.record.kinds import RunPhase
from heartbed.report import file_name, format_names
from tests.unit.data.report import samples


def ask(*arguments: str) -> Result:
    """What a command says that has found what the sample of the comparison shows."""

    @click.command()
    @output_options(format_names())
    def command(*, output: Output) -> None:
        for listener in output.listeners:
            listener(Event(RunPhase(phase="idle")))
        output.give(of_sample())

    return CliRunner().invoke(command, arguments)


def of_sample() -> output.Answer:
    return output.of_run(samples.comparison())


def test_people_are_shown_text() -> None:
    assert "lost after" in ask().stdout


def test_a_format_takes_the_place_of_the_text() -> None:
    assert json.loads(ask("--format", "json").stdout)["schema_version"] == 2
    assert ask("--format", "junit").stdout.startswith("<?xml")


def test_a_folder_has_what_gates_want_and_people_are_shown_text(tmp_path: Path) -> None:
    assert "lost after" in ask("--output", str(tmp_path / "new")).stdout
    assert {path.name for path in (tmp_path / "new").iterdir()} == {file_name(name) for name in FOR_GATES}


def test_a_folder_has_only_the_format_that_was_asked_for(tmp_path: Path) -> None:
    assert "lost after" in ask("--output", str(tmp_path), "--format", "markdown").stdout
    assert [path.name for path in tmp_path.iterdir()] == ["report.md"]


def test_events_are_lines_of_json_and_the_answer_is_the_last() -> None:
    done = ask("--events")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["kind"] for line in lines] == ["run.phase", output.ANSWER]
    assert lines[-1]["data"]["schema_version"] == 2
    assert "lost after" in done.stderr


def test_events_and_a_format_do_not_share_standard_output(tmp_path: Path) -> None:
    assert "name a folder with --output" in ask("--events", "--format", "junit").stderr
    assert ask("--events", "--format", "junit", "--output", str(tmp_path)).exit_code == 0


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_run(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TestbedError, match="cannot write to --output"):
        Output(folder=tmp_path / "file" / "folder").ready()
