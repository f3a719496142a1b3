"""What the commands say of themselves: in sections, in groups of options, and as man pages."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from heartbed import __version__, plugins
from heartbed.cli import cli
from heartbed.cli.grouped import SECTIONS
from heartbed.cli.manual import page
from heartbed.errors import InputError
from heartbed.places import ROOT


def told(*arguments: str) -> str:
    return CliRunner().invoke(cli, arguments, catch_exceptions=False).output


def between(text: str, first: str, then: str) -> str:
    return text.partition(f"{first}:\n")[2].partition(f"{then}:\n")[0]


def test_every_command_stands_in_one_section_and_is_in_the_module_that_is_named_there() -> None:
    told_of = [(module, name) for names in SECTIONS.values() for name, module in names.items()]
    modules = [importlib.import_module(f"heartbed.cli.{name}") for name in plugins.names("heartbed.cli")]
    offered = [
        (module.__name__.rpartition(".")[2], command.name)
        for module in modules
        for command in getattr(module, "COMMANDS", ())
    ]
    assert sorted(told_of) == sorted(offered)
    assert {name: command.name for name, command in cli.commands.items()} == {name: name for _, name in told_of}


def test_a_command_is_found_without_loading_the_others() -> None:
    code = "import sys; from heartbed.cli import cli; cli.commands['run']; print('heartbed.cli.check' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "False"


def test_what_operators_use_stands_before_what_developers_do() -> None:
    text = told("--help")
    assert text.index("Find out:") < text.index("Read runs:") < text.index("For developers:")
    for name in ("bench", "matrix", "schema", "verdict", "compose"):
        assert f"  {name} " in text.partition("For developers:")[2]


@pytest.mark.parametrize("command", ["check", "compare"])
def test_the_options_of_an_own_application_are_a_group_of_their_own(command: str) -> None:
    text = told(command, "--help")
    own = between(text, "Your own application", "For gates and programs")
    assert [option for option in ("--app", "--env", "--open-header", "--prepare") if option not in own] == []
    assert "--app" not in text.partition("Your own application:")[0].partition("Options:")[2]


def test_the_page_of_a_command_has_its_options_and_its_examples_line_by_line() -> None:
    text = page(cli, cli.commands["check"])
    assert text.startswith('.TH "HEARTBED CHECK" "1"')
    assert __version__ in text
    assert r"\fB\-\-rule\-out\fP" in text
    assert ".nf\nExamples:\n  heartbed check site.conf\n" in text
    assert "\b" not in text


def test_all_pages_are_written_into_a_folder(tmp_path: Path) -> None:
    told("man", "--output", str(tmp_path / "man1"))
    assert {path.name for path in (tmp_path / "man1").iterdir()} == {
        "heartbed.1",
        *(f"heartbed-{name}.1" for name in cli.commands),
    }


def test_the_page_of_what_is_no_command_is_wrong_input() -> None:
    with pytest.raises(InputError, match="there is no command 'chek'"):
        told("man", "chek")


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here")
@pytest.mark.parametrize("name", sorted(cli.commands))
def test_groff_takes_every_page_without_a_warning(name: str) -> None:
    command = ["groff", "-man", "-ww", "-Tascii", "-Z"]
    done = subprocess.run(
        command, input=page(cli, cli.commands[name]), capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_expressions_are_asked_for_only_where_there_must_be_some() -> None:
    assert "[EXPR...]" in told("cells", "--help").partition("\n")[0]
    assert "[EXPR...]" not in told("run", "--help").partition("\n")[0]


@pytest.mark.parametrize("command", ["merge", "compare", "verdict"])
def test_exit_codes_say_what_is_well(command: str) -> None:
    assert "0 every cell is kept or recovered, 1 some cell is not" in " ".join(told(command, "--help").split())


def test_each_variable_of_the_environment_is_named_where_options_are_told() -> None:
    given = {
        str(param.envvar)
        for command in cli.commands.values()
        for param in command.params
        if isinstance(param, click.Option) and param.envvar
    }
    documented = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert len(given) > 2
    assert [name for name in given if f"`{name}`" not in documented] == []
    assert "HEARTBED_LOOK_BROKER" in told("look", "--help")
