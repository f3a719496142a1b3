"""Commands and options in groups, what is used first before what few people need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from heartbed.cli.common import Command

LONGEST = 200
"""Characters of a first sentence, which is wrapped and never cut."""

SECTIONS = {
    "Find out": ("compare", "check", "look", "presets", "run", "probes", "cells", "versions", "bisect"),
    "Read runs": ("report", "explain", "runs", "diff", "results", "merge"),
    "Set up, and by hand": ("doctor", "images", "up", "logs", "down", "clean", "completion", "man"),
    "For developers": ("bench", "matrix", "validate", "compose", "verdict", "schema"),
}
"""Title -> the names of its commands, in order."""


class Sections(click.Group):
    """Lists the commands in sections, each with the whole of its first sentence."""

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
