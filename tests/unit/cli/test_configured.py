"""``heartbed.toml``: what a project always passes."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from heartbed.cli import cli, configured
from heartbed.errors import InputError


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the environment says goes before the file, and make says HEARTBED_HEARTBEAT."""
    for name in [name for name in os.environ if name.startswith("HEARTBED_")]:
        monkeypatch.delenv(name)


def said(folder: Path, text: str, name: str = configured.NAME) -> dict[str, dict[str, Any]]:
    """What the commands are given where this stands in the folder's file."""
    (folder / name).write_text(text)
    written = configured.find(folder)
    assert written is not None
    return configured.defaults(written, cli.commands)


def params(command: str, given: dict[str, dict[str, Any]], *arguments: str) -> dict[str, Any]:
    """What a command makes of it, with these arguments."""
    return cli.commands[command].make_context(command, list(arguments), default_map=given[command]).params


def test_an_option_holds_for_every_command_that_has_it(tmp_path: Path) -> None:
    given = said(tmp_path, "heartbeat = 6\nmodel = 'native'\n")
    assert params("check", given)["heartbeat"] == params("run", given)["heartbeat"] == 6
    assert params("compare", given)["model"] == "native"


def test_a_table_holds_for_its_command_and_has_its_arguments_too(tmp_path: Path) -> None:
    given = said(tmp_path, "[check]\nconf = 'kolla-ansible'\nrule-out = 'native'\nno-mend = true\npthread = false\n")
    found = params("check", given)
    assert (found["conf"], found["rule_out"], found["no_mend"], found["pthread"]) == (
        "kolla-ansible",
        ("native",),
        True,
        False,
    )
    assert params("compare", given)["pthread"] is None


def test_the_command_line_goes_before_it(tmp_path: Path) -> None:
    given = said(tmp_path, "heartbeat = 6\n")
    assert params("check", given, "--heartbeat", "3")["heartbeat"] == 3


def test_the_environment_goes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARTBED_HEARTBEAT", "9")
    assert params("check", said(tmp_path, "heartbeat = 6\n"))["heartbeat"] == 9


def test_paths_are_as_seen_from_the_file(tmp_path: Path) -> None:
    given = said(tmp_path, "oslo-config = 'etc/nova.conf'\nruns = 'build/runs'\n")
    assert params("check", given)["oslo_config"] == tmp_path / "etc" / "nova.conf"
    assert params("run", given)["runs"] == tmp_path / "build" / "runs"
    (tmp_path / "site.conf").touch()
    given = said(tmp_path, "[compare]\nsubjects = ['site.conf', 'event-daemon-native']\n")
    assert params("compare", given)["subjects"] == (str(tmp_path / "site.conf"), "event-daemon-native")


def test_it_is_found_from_a_folder_below_and_may_stand_in_pyproject(tmp_path: Path) -> None:
    said(tmp_path, "[project]\nname = 'x'\n[tool.heartbed]\nheartbeat = 6\n", configured.PROJECT)
    below = tmp_path / "deploy" / "httpd"
    below.mkdir(parents=True)
    (below / configured.PROJECT).write_text("[project]\nname = 'y'\n")
    found = configured.find(below)
    assert found is not None
    assert found.path == tmp_path / configured.PROJECT
    assert found.table == {"heartbeat": 6}


def test_where_there_is_none_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / configured.PROJECT).write_text("[project]\nname = 'x'\n")
    nearest = configured.find(tmp_path)
    assert nearest is None or tmp_path not in nearest.path.parents


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hartbeat = 6", "unknown key hartbeat; did you mean heartbeat?"),
        ("[check]\nrule_out = ['native']", "unknown key check.rule_out; did you mean check.rule-out?"),
        ("[chek]\nmodel = 'native'", "unknown key chek; did you mean check?"),
        ("zzz = 1", "unknown key zzz"),
        ("heartbeat = 'often'", "heartbeat = 'often': heartbeat 'often' is not a heartbeat timeout"),
        ("heartbeat = [2, 6]", "heartbeat = [2, 6]: one value is wanted"),
        ("[check]\nmodel = 'greenlet'", "check.model = 'greenlet': 'greenlet' is not one of"),
        ("probe = 'idel'", "probe = 'idel': "),
        ("check = 'site.conf'", "check is a command: its options stand in a table [check]"),
        ("heartbeat = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_of_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as raised:
        said(tmp_path, text)
    assert f"{tmp_path / configured.NAME}" in raised.value.message
    assert words in raised.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runs = 5\n", "runs = 5: text in quotes is wanted"),
        ("[check]\nno-mend = 1\n", "check.no-mend = 1: true or false is wanted"),
        (f"a = {'[' * 3000}\n", "is not TOML: "),
    ],
)
def test_values_of_another_kind_are_told_of_the_file(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as refused:
        said(tmp_path, text)
    assert str(tmp_path / configured.NAME) in refused.value.message


@pytest.mark.parametrize("text", ["[tool]\nheartbed = 5\n", "[[tool.heartbed]]\nheartbeat = 6\n"])
def test_what_is_no_table_of_a_project_is_told(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a table is wanted, \[tool\.heartbed\]"):
        said(tmp_path, text, configured.PROJECT)


def test_a_project_that_has_no_tools_says_nothing(tmp_path: Path) -> None:
    (tmp_path / configured.PROJECT).write_text("tool = 5\n")
    assert configured.find(tmp_path) is None
