"""What a project always passes: ``heartbed.toml``, or ``[tool.heartbed]`` of a pyproject.toml.

A key is an option without its dashes. At the top it holds for every command
that has the option, in a table for the command of that name, where a command's
arguments can be given too. What is said on the command line or in the
environment goes before it. Paths are as seen from the file.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from heartbed.errors import InputError
from heartbed.files import is_regular, read_octets

NAME = "heartbed.toml"
PROJECT = "pyproject.toml"
LARGEST = 2**20


@dataclass(frozen=True)
class Written:
    """What a file says, and where it stands."""

    path: Path
    table: Mapping[str, Any]


def find(folder: Path) -> Written | None:
    """The file of this folder or of the nearest one above it; None where there is none. Raises ``InputError``."""
    for place in (folder, *folder.parents):
        own, project = place / NAME, place / PROJECT
        if is_regular(own):
            return Written(own, _read(own))
        if is_regular(project):
            tools = _read(project).get("tool")
            table = tools.get("heartbed") if isinstance(tools, dict) else None
            if isinstance(table, dict):
                return Written(project, table)
            if table is not None:
                raise InputError(f"{project}: tool.heartbed = {table!r}: a table is wanted, [tool.heartbed]")
    return None


def said(folder: Path, commands: Mapping[str, click.Command]) -> dict[str, dict[str, Any]]:
    """What holds in a folder: command -> parameter -> value. Raises ``InputError``."""
    written = find(folder)
    return defaults(written, commands) if written else {}


def defaults(written: Written, commands: Mapping[str, click.Command]) -> dict[str, dict[str, Any]]:
    """Command -> parameter -> value, as click takes them. Raises ``InputError`` for what no command knows."""
    every = {name: dict(_keys(command)) for name, command in commands.items()}
    options = {key for keys in every.values() for key, param in keys.items() if isinstance(param, click.Option)}
    found: dict[str, dict[str, Any]] = {name: {} for name in commands}
    tables = {name: value for name, value in written.table.items() if name in commands and isinstance(value, dict)}
    for key, value in written.table.items():
        if key in tables:
            continue
        if key not in options:
            raise _is_command(written, key) if key in commands else _unknown(written, key, [*options, *commands])
        for name, keys in every.items():
            if isinstance(param := keys.get(key), click.Option):
                found[name][str(param.name)] = _value(written, key, param, value)
    for name, table in tables.items():
        for key, value in table.items():
            if key not in every[name]:
                raise _unknown(written, f"{name}.{key}", [f"{name}.{each}" for each in every[name]])
            param = every[name][key]
            found[name][str(param.name)] = _value(written, f"{name}.{key}", param, value)
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_octets(path, LARGEST).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path} is not TOML: {error}") from None


def _keys(command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
    """What may stand in the file for a command: options by their long names, arguments by their own."""
    for param in command.params:
        if isinstance(param, click.Option):
            yield from ((each.removeprefix("--"), param) for each in param.opts if each.startswith("--"))
        elif param.name:
            yield param.name, param


def _is_command(written: Written, key: str) -> InputError:
    return InputError(f"{written.path}: {key} is a command: its options stand in a table [{key}]")


def _unknown(written: Written, key: str, known: list[str]) -> InputError:
    nearest = difflib.get_close_matches(key, known, n=1)
    meant = f"; did you mean {nearest[0]}?" if nearest else ""
    return InputError(
        f"{written.path}: unknown key {key}{meant}",
        hint="a key is an option of `heartbed check --help` or another command, without its dashes",
    )


def _value(written: Written, key: str, param: click.Parameter, value: Any) -> Any:
    """The value as click takes it, tried now: what is wrong in the file is said of the file."""
    several = param.multiple or param.nargs == -1
    if isinstance(value, dict) or (isinstance(value, list) and not several):
        raise InputError(f"{written.path}: {key} = {value!r}: one value is wanted")
    each = [_from(written, param, one) for one in (value if isinstance(value, list) else [value])]
    given = each if several else each[0]
    try:
        param.type_cast_value(click.Context(click.Command("heartbed")), given)
    except click.BadParameter as error:
        raise InputError(f"{written.path}: {key} = {value!r}: {error.message}") from None
    except InputError as error:
        raise InputError(f"{written.path}: {key} = {value!r}: {error.message}", hint=error.hint) from None
    except (AttributeError, TypeError, ValueError):  # click expects words, or a value of its own kind
        wanted = "true or false is" if isinstance(param.type, click.types.BoolParamType) else "text in quotes is"
        raise InputError(f"{written.path}: {key} = {value!r}: {wanted} wanted") from None
    return given


def _from(written: Written, param: click.Parameter, value: Any) -> Any:
    """A path as seen from the file; of what may be a file or something else, if there is such a file."""
    if not isinstance(value, str):
        return value
    path = written.path.parent / value
    named = isinstance(param.type, click.Path) or (isinstance(param, click.Argument) and is_regular(path))
    return str(path) if named else value
