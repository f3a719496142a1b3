"""What a command ends with."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from heartbed import cli


def test_the_end_of_a_file_where_none_is_due_is_a_defect_and_no_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def reading() -> None:
        raise EOFError("cut short")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "cli", click.Group(commands={"reading": reading}))
    monkeypatch.setattr(sys, "argv", ["heartbed", "reading"])
    assert cli._main() == cli.DEFECT
    said = capsys.readouterr().err
    assert "EOFError: cut short" in said
    assert "stopped" not in said
