"""What ``heartbed check`` takes for a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from heartbed.cli.check import check, file_of
from heartbed.errors import InputError


@pytest.mark.parametrize(
    ("conf", "message", "hint"),
    [
        ("prefork-daemon", "prefork-daemon is a cell's name, and no configuration", "heartbed run prefork-daemon"),
        (
            "event-{eventlet,native}",
            "event-{eventlet,native} is a cell's name, and no configuration",
            "heartbed run 'event-{eventlet,native}'",
        ),
        (
            "kolla-ansibel",
            "kolla-ansibel is neither a file nor a preset; did you mean 'kolla-ansible'?",
            "`heartbed presets` lists the presets",
        ),
        ("x" * 5000, f"{'x' * 5000} is neither a file nor a preset", "`heartbed presets` lists the presets"),
    ],
    ids=("cell", "cells", "misspelt", "long"),
)
def test_what_is_no_configuration_is_told_with_what_was_meant(conf: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        file_of(conf)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_a_file_may_be_called_as_a_cell_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prefork-daemon").touch()
    assert file_of("prefork-daemon") == Path("prefork-daemon")


@pytest.mark.parametrize("given", [[], [""]])
def test_a_configuration_that_is_not_named_is_asked_for(given: list[str]) -> None:
    error = CliRunner().invoke(check, given).exception
    assert isinstance(error, InputError)
    assert error.message == "no configuration was named"
