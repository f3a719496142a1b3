"""The pages of the reference, from what the program says of itself; the site puts them in when it is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from click.testing import CliRunner

from heartbed import probes as probes_
from heartbed.cli import cli
from heartbed.cli.grouped import SECTIONS
from heartbed.verdict import document

WIDTH = "100"


def commands() -> str:
    """Every command with its help, in the order in which operators need them."""
    lines = ["# Commands", "", "Each says the same with `--help`, and `heartbed man COMMAND` prints it as a man page."]
    for title, names in SECTIONS.items():
        lines += ["", f"## {title}"]
        for name in names:
            lines += ["", f"### heartbed {name}", "", cli.commands[name].get_short_help_str(200), ""]
            lines += _block(printed(name, "--help"))
    return "\n".join(lines) + "\n"


def cells() -> str:
    """What cells are made of."""
    head = "A cell is one configuration, named by its factors joined with dashes; what is not named has its default."
    braces = "Braces stand for alternatives, as in a shell; `heartbed cells EXPR` lists the cells of an expression."
    return "\n".join(["# Cells", "", head, braces, "", *_block(printed("cells"))]) + "\n"


def probes() -> str:
    """All probes, each with what it is for and what it can be given."""
    lines = ["# Probes", "", "`--probe NAME` of `run`, `compare`, `check` and `bisect` plays one, several with commas."]
    for name in probes_.every():
        lines += ["", f"## {name}", "", *_block(printed("probes", name))]
    return "\n".join(lines) + "\n"


def causes() -> str:
    """Why connections are lost, as verdicts name it."""
    return f"# Causes\n\nEach verdict that is not *kept* names its cause, by a code and in words.\n{document.table()}"


PAGES: Mapping[str, Callable[[], str]] = {"commands": commands, "cells": cells, "probes": probes, "causes": causes}


def printed(*arguments: str) -> str:
    """What a command prints."""
    done = CliRunner().invoke(cli, arguments, prog_name="heartbed", env={"COLUMNS": WIDTH}, catch_exceptions=False)
    return done.stdout


def _block(text: str) -> list[str]:
    return ["```text", *(line.rstrip() for line in text.strip("\n").splitlines()), "```"]
