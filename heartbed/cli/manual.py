"""Man pages, from what the commands say of themselves."""

from __future__ import annotations

import copy
from inspect import cleandoc
from pathlib import Path

import click
from click_man.core import generate_man_page

from heartbed import __version__
from heartbed.cli.grouped import LONGEST
from heartbed.errors import InputError
from heartbed.files import ready_folder, save

AS_IT_IS = "\b\n"
"""What click marks a paragraph with whose lines stay as they are; roff has ``.nf`` for it."""


@click.command("man")
@click.argument("name", metavar="[COMMAND]", required=False)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write the pages of all commands into this folder.",
)
@click.pass_context
def manual(ctx: click.Context, name: str | None, output: Path | None) -> None:
    """Print the man page of heartbed, or of one of its commands.

    \b
    Examples:
      heartbed man check | man -l -
      heartbed man --output ~/.local/share/man/man1
    """
    program = ctx.find_root().command
    commands = program.commands if isinstance(program, click.Group) else {}
    if name is not None and name not in commands:
        raise InputError(f"there is no command {name!r}", hint=f"commands: {', '.join(commands)}")
    if output is None:
        click.echo(page(program, commands[name] if name else None), nl=False)
        return
    ready_folder(output, "--output")
    save(output / "heartbed.1", page(program), option="--output")
    for each in commands.values():
        save(output / f"heartbed-{each.name}.1", page(program, each), option="--output")


def page(program: click.Command, command: click.Command | None = None) -> str:
    """The man page of the program, or of one of its commands, as roff."""
    root = click.Context(_readable(program), info_name="heartbed")
    ctx = root if command is None else click.Context(_readable(command), info_name=command.name, parent=root)
    return str(generate_man_page(ctx, version=__version__))


def _readable(command: click.Command) -> click.Command:
    """The same command, with its help as roff has it."""
    paragraphs = cleandoc(command.help or "").split("\n\n")
    told = copy.copy(command)
    told.short_help = command.get_short_help_str(LONGEST)
    if isinstance(told, click.Group):
        told.commands = {name: _readable(each) for name, each in told.commands.items()}
    told.help = "\n\n".join(_unfilled(each) if each.startswith(AS_IT_IS) else each for each in paragraphs)
    return told


def _unfilled(paragraph: str) -> str:
    lines = paragraph.removeprefix(AS_IT_IS).replace("\\", "\\e")
    return f".nf\n{lines}\n.fi"


COMMANDS = (manual,)
