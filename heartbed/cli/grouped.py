"""Commands and options in groups, what is used first before what few people need."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar, cast

import click

from heartbed.cli.common import Command

LONGEST = 200
"""Characters of a first sentence, which is wrapped and never cut."""

SECTIONS = {
    "Find out": {
        "compare": "compare",
        "check": "check",
        "look": "look",
        "presets": "check",
        "run": "running",
        "probes": "running",
        "cells": "running",
        "versions": "versions",
        "bisect": "versions",
    },
    "Read runs": {
        "report": "runs",
        "explain": "runs",
        "runs": "runs",
        "diff": "runs",
        "results": "results",
        "merge": "runs",
    },
    "Set up, and by hand": {
        "doctor": "by_hand",
        "images": "by_hand",
        "up": "by_hand",
        "logs": "by_hand",
        "down": "by_hand",
        "clean": "by_hand",
        "completion": "completion",
        "man": "manual",
    },
    "For developers": {
        "bench": "running",
        "matrix": "matrix",
        "validate": "validate",
        "compose": "running",
        "verdict": "runs",
        "schema": "runs",
    },
}
"""Title -> the names of its commands, in order -> the module of this package that has them among its ``COMMANDS``."""


class Commands(Mapping[str, click.Command]):
    """The commands by name. A module is loaded when one of its commands is asked for: the others take half a second."""

    _where: ClassVar = {name: module for names in SECTIONS.values() for name, module in names.items()}

    def __getitem__(self, name: str) -> click.Command:
        """The command, loaded."""
        offered: Sequence[click.Command] = importlib.import_module(f"heartbed.cli.{self._where[name]}").COMMANDS
        return next(command for command in offered if command.name == name)

    def __iter__(self) -> Iterator[str]:
        """Their names, as they are listed."""
        return iter(self._where)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._where)


class Sections(click.Group):
    """Lists the commands in sections, each with the whole of its first sentence."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.commands = cast("MutableMapping[str, click.Command]", Commands())  # nobody adds to them

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections."""
        del ctx
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(LONGEST)) for name in names])


class Grouped(click.Option):
    """An option that stands under a title of its own in the help."""

    def __init__(self, *arguments: Any, title: str = "", **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.title = title


class Groups(click.Command):
    """A command whose options stand in groups: first those without a title."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the groups."""
        groups: dict[str, list[tuple[str, str]]] = {"Options": []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                title = param.title if isinstance(param, Grouped) else "Options"
                groups.setdefault(title, []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


def under(title: str) -> Callable[..., Callable[[Command], Command]]:
    """``click.option`` for options that stand under this title."""

    def option(*arguments: Any, **named: Any) -> Callable[[Command], Command]:
        return click.option(*arguments, cls=Grouped, title=title, **named)

    return option
