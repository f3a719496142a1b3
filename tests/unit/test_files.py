"""Files and folders that options name."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from heartbed.cli.manual import manual
from heartbed.cli.matrix import matrix
from heartbed.cli.validate import validate_
from heartbed.errors import TestbedError
from heartbed.files import ready_folder

NOWHERE = {"DOCKER_HOST": "unix:///nowhere"}


def test_a_folder_that_takes_no_file_is_told_before_there_is_one() -> None:
    with pytest.raises(TestbedError, match="cannot write to --output /proc: No such file") as refused:
        ready_folder(Path("/proc"), "--output")
    assert refused.value.hint == "choose another folder with --output DIR"


def test_a_folder_that_is_made_is_left_empty(tmp_path: Path) -> None:
    ready_folder(tmp_path / "some" / "where", "--output")
    assert not [*(tmp_path / "some" / "where").iterdir()]


@pytest.mark.parametrize("command", [manual, matrix, validate_], ids=lambda command: command.name)
def test_no_command_plays_for_a_folder_that_cannot_be(command: click.Command, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    error = CliRunner().invoke(command, ["--output", str(file / "below")], env=NOWHERE).exception
    assert isinstance(error, TestbedError)
    assert error.message == f"cannot write to --output {file}/below: Not a directory"
    assert error.hint == "choose another folder with --output DIR"


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"releases": [{"release": "train"}]})])
def test_a_table_that_is_damaged_is_told_before_pairs_are_played_for_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "validation.json").write_text(text)
    error = CliRunner().invoke(validate_, ["--output", str(tmp_path)], env=NOWHERE).exception
    assert isinstance(error, TestbedError)
    assert error.message.startswith(f"{tmp_path}/validation.json has no results that this heartbed reads")
    assert (tmp_path / "validation.json").read_text() == text
