"""The jobs in examples/ are valid YAML and name commands and options that there are."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
import yaml

from heartbed.cli import cli
from heartbed.places import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
COMMAND = re.compile(r"\bheartbed(?:\"|')? ((?:check|compare|report)\b[^>\n\"]*)")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_yaml(path: Path) -> None:
    assert yaml.safe_load(path.read_text())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_its_commands_and_options_exist(path: Path) -> None:
    for line in COMMAND.findall(path.read_text()):
        name, *words = line.split()
        command = cli.commands[name]
        known = {option for each in command.params if isinstance(each, click.Option) for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= known


def test_each_gate_system_has_one() -> None:
    assert {path.stem for path in EXAMPLES} == {"github-actions", "zuul", "zuul-playbook"}
