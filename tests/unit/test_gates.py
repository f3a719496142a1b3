"""What gates run: the script of the GitHub Action, and the options that it and the others give."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbed.cli import cli
from heartbed.places import ROOT
from heartbed.studies.check.checked import FILES

SCRIPT = next(
    step["run"] for step in yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"] if "run" in step
)

UVX = """#!/bin/bash
printf '%s\\n' "$@" >"$RESULTS/../called"
while [ $# -gt 0 ]; do [ "$1" = --output ] && folder=$2; shift; done
mkdir -p "$folder"
echo '# lost' >"$folder/check.md"
echo '{"verdict": {"outcome": "lost"}}' >"$folder/check.json"
exit 1
"""


def act(folder: Path, **inputs: str) -> tuple[int, list[str], dict[str, str]]:
    """The action's exit code, what heartbed was called with, and what was written for GitHub."""
    commands = folder / "bin"
    commands.mkdir()
    (commands / "uvx").write_text(UVX)
    (commands / "uvx").chmod(0o755)
    files = {name: folder / name.lower() for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    environ = {
        **os.environ,
        "PATH": f"{commands}:{os.environ['PATH']}",
        "RESULTS": str(folder / "results"),
        "HEARTBED": str(ROOT),
        "CONF": "",
        "OPTIONS": "",
        "UNTRUSTED": "true",
        **{name: str(path) for name, path in files.items()},
        **inputs,
    }
    (folder / "results").mkdir()
    done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", SCRIPT], env=environ, check=False, timeout=10)
    written = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
    return done.returncode, (folder / "called").read_text().splitlines(), written


def test_the_action_tells_the_answer_and_ends_with_its_code(tmp_path: Path) -> None:
    code, _, written = act(tmp_path, CONF="site.conf")
    assert code == 1
    assert written == {"GITHUB_STEP_SUMMARY": "# lost\n", "GITHUB_OUTPUT": "outcome=lost\n"}


def test_the_action_takes_a_file_for_somebody_elses_unless_told_otherwise(tmp_path: Path) -> None:
    assert "--untrusted" in act(tmp_path, CONF="site.conf")[1]


def test_the_action_can_be_told_that_the_file_is_to_be_trusted(tmp_path: Path) -> None:
    assert "--untrusted" not in act(tmp_path, CONF="site.conf", UNTRUSTED="false")[1]


def test_what_a_pull_request_may_choose_is_one_word_and_no_script(tmp_path: Path) -> None:
    _, called, _ = act(tmp_path, CONF="a b; touch evil $(touch evil)", OPTIONS="--rule-out\nnative\n\n")
    assert called[-1] == "a b; touch evil $(touch evil)"
    assert called[-3:-1] == ["--rule-out", "native"]
    assert not Path("evil").exists()


def test_the_options_that_gates_give_exist() -> None:
    known = {option for each in cli.commands["check"].params for option in each.opts}
    texts = [SCRIPT, (ROOT / "gitlab" / "heartbed.yml").read_text()]
    texts += [(ROOT / "roles" / "heartbed" / folder / "main.yaml").read_text() for folder in ("tasks", "defaults")]
    given = {word for text in texts for word in re.findall(r"(?<![\w-])--[a-z-]+", text)}
    assert given - known <= {"--exclude", "--from", "--quiet"}


def tasks() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((ROOT / "roles" / "heartbed" / "tasks" / "main.yaml").read_text())
    return found


def test_the_role_becomes_root_to_install_and_where_the_engine_lets_nobody_else_in() -> None:
    roots = {task["name"]: task["become"] for task in tasks() if "become" in task}
    assert [name for name, become in roots.items() if become is True] == [
        "Be able to make virtual environments, and to run containers",
        "Have Docker with Compose v2 and buildx, and an engine that answers",
    ]
    assert {become for become in roots.values() if become is not True} == {"{{ heartbed_engine.rc != 0 }}"}


@pytest.mark.parametrize("name", ["report.html", "check.xml"])
def test_what_gates_collect_is_what_check_writes(name: str) -> None:
    assert name in FILES.values()
