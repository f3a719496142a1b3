"""The jobs in examples/ are valid YAML, short, and name what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbed.places import ROOT

EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_yaml_of_ten_lines(path: Path) -> None:
    assert load(path)
    assert len(lines(path)) <= 10


def test_each_gate_system_has_one() -> None:
    assert {path.stem for path in EXAMPLES} == {"github-actions", "gitlab", "zuul", "zuul-playbook"}


def test_the_github_job_gives_the_action_inputs_that_it_has() -> None:
    steps = load(ROOT / "examples" / "github-actions.yaml")["jobs"]["connections"]["steps"]
    (uses,) = (step for step in steps if "heartbed@" in step["uses"])
    assert uses["with"].keys() <= load(ROOT / "action.yml")["inputs"].keys()


def test_the_gitlab_job_extends_the_template_that_it_includes() -> None:
    example = load(ROOT / "examples" / "gitlab.yaml")
    template = load(ROOT / example["include"][0]["file"])
    job = template[example["connections"]["extends"]]
    assert example["connections"]["variables"].keys() <= job["variables"].keys()


def test_the_zuul_job_sets_variables_that_the_role_has() -> None:
    (entry,) = load(ROOT / "examples" / "zuul.yaml")
    defaults = load(ROOT / "roles" / "heartbed" / "defaults" / "main.yaml")
    assert entry["job"]["vars"].keys() <= defaults.keys()
    assert load(ROOT / "examples" / "zuul-playbook.yaml")[0]["roles"] == ["heartbed"]
