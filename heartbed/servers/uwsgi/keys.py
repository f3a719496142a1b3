"""Where an option stands in a configuration of uWSGI's that is YAML, XML or JSON, which uWSGI itself does not tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from heartbed.candidates.source import SourceFile, where

KEY = re.compile(
    r"(?:^|[{,])[ \t]*(?:-[ \t]+)?"
    r"""(?:(?P<quote>["'])(?P<quoted>[\w-]+)(?P=quote)[ \t]*:|(?P<bare>[\w-]+)[ \t]*:(?!\S))"""
    r"|<(?P<element>[\w-]+)"
)
"""What names an option in YAML and JSON, and in XML."""


def origins(file: SourceFile, read: Sequence[tuple[str, str]]) -> list[str]:
    """Where the user has each of these options, keys and values: ``uwsgi.yaml:7``; by its key where no line has it.

    Of options of one name each has the first line of that name, or in the list below it, that has its value and that
    none before it has.
    """
    found: list[str] = []
    taken: set[tuple[int, str, str]] = set()
    for key, value in read:
        lines = [number for start in _lines_of(file.lines, key) for number in _list(file.lines, start)]
        with_value = [number for number in lines if value in file.lines[number - 1]]
        free = [number for number in with_value if (number, key, value) not in taken]
        line = next(iter(free or with_value or lines), 0)
        taken.add((line, key, value))
        found.append(where(file, line) if line else f"{file.shown}, the option {key}")
    return found


def first(file: SourceFile, keys: Collection[str]) -> str:
    """Where a file first has one of these options, and which; empty where it has none."""
    found = ((number, key) for number, line in enumerate(file.lines, 1) for key in keys if key in _keys(line))
    return next((f"{where(file, number)}: {key}" for number, key in found), "")


def _lines_of(lines: Sequence[str], key: str) -> list[int]:
    return [number for number, line in enumerate(lines, 1) if key in _keys(line)]


def _keys(line: str) -> set[str]:
    return {each["quoted"] or each["bare"] or each["element"] for each in KEY.finditer(line)}


def _list(lines: Sequence[str], start: int) -> range:
    """The line of a key, and those below it up to the next one that has a key."""
    end = start
    while end < len(lines) and not _keys(lines[end]):
        end += 1
    return range(start, end + 1)
