"""What a shell may complete: commands and options by click, and here the names that only Heartbed knows."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import get_completion_class

from heartbed import probes as probes_
from heartbed.cells import axes
from heartbed.errors import InputError
from heartbed.record import folder as runfolder
from heartbed.record.event import FILE_NAME
from heartbed.report import format_names

NAME = "heartbed"
SHELLS = ("bash", "zsh", "fish")
LONGEST_START = 2**20
"""Characters of a record's first line."""

ASKED = f"_{NAME.upper()}_COMPLETE"
"""The variable by which a shell asks for completions."""


def _starting(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _runs(ctx: click.Context) -> Path:
    return Path(ctx.params.get("runs") or runfolder.default())


def run_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of all runs, the newest first."""
    del param
    names = [folder.name for folder in runfolder.every(_runs(ctx))]
    return _starting(incomplete, [runfolder.LATEST, *reversed(names)] if names else [])


def cell_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of the cells of the run that is named, else of the newest."""
    del param
    try:
        folder = runfolder.find(_runs(ctx), ctx.params.get("run_name") or runfolder.LATEST)
        with (folder / FILE_NAME).open(encoding="utf-8") as record:
            start: dict[str, Any] = json.loads(record.readline(LONGEST_START))
        return _starting(incomplete, [str(cell["name"]) for cell in start["data"]["cells"]])
    except (InputError, OSError, ValueError, LookupError, TypeError):
        return []  # the shell has no place for a complaint


def probes(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The probes' names."""
    del ctx, param
    return _starting(incomplete, probes_.every())


def formats(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The formats of reports."""
    del ctx, param
    return _starting(incomplete, format_names())


def expressions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The factors that may follow the last dash of a cell; of axes that it does not name yet."""
    del ctx, param
    before, dash, last = incomplete.rpartition("-")
    if "{" in incomplete:
        return []
    named = set(before.split("-"))
    left = [axis for axis in axes.TABLE.axes if not named & set(axis.tokens)]
    return [before + dash + token for axis in left for token in axis.tokens if token.startswith(last)]


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      source <(heartbed completion bash)
      heartbed completion zsh > ~/.zfunc/_heartbed
      heartbed completion fish > ~/.config/fish/completions/heartbed.fish
    """
    maker = get_completion_class(shell)
    assert maker is not None  # noqa: S101  # click knows every shell that the choice offers
    click.echo(maker(click.Command(NAME), {}, NAME, ASKED).source())


COMMANDS = (completion,)
