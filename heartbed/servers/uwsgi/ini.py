"""Lines of a uWSGI configuration: options with their values, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

OWN_SECTION = "uwsgi"
"""The only section that uWSGI reads unless it is told another name."""

PLACEHOLDER = re.compile(r"%\(([\w-]+)\)")
"""Another option's value within a value."""

DEEPEST, LONGEST = 8, 4_096
"""How often a value is looked through for others, and its characters: they may name each other in a circle."""

INCLUDES = ("ini", "include", "inherit")
"""Options that read another file."""

INCLUDES_OTHERS = ("yaml", "yml", "xml", "json", "js", "config")
"""Options that read another file in another language; ``include`` and ``inherit`` tell one by the end of its name."""


@dataclass(frozen=True)
class Option:
    """One option. ``line`` is counted from 1; ``value`` is empty where there is none, which uWSGI takes for true."""

    key: str
    value: str
    line: int


def is_ini(lines: Sequence[str]) -> bool:
    """Whether a file begins with a section, as an ini file does and an httpd configuration never."""
    return next((text for text in lines if _tells(text)), "").lstrip("\ufeff \t").startswith("[")


def _tells(text: str) -> bool:
    stripped = text.strip()
    return bool(stripped) and stripped[0] not in "#;"


def sections(lines: Sequence[str]) -> dict[str, int]:
    """The sections of a file, and the line of each."""
    found: dict[str, int] = {}
    for number, text in enumerate(lines, 1):
        if (name := _section(text)) is not None:
            found.setdefault(name, number)
    return found


def _section(text: str) -> str | None:
    # As uWSGI does: whatever begins with a bracket is a section, whose name ends before the last character.
    stripped = text.strip()
    return stripped[1:-1] if stripped.startswith("[") else None


def options(lines: Sequence[str], wanted: str = OWN_SECTION) -> Iterator[Option]:
    """The options of a section, comments and blank lines left out."""
    section = ""
    for number, text in enumerate(lines, 1):
        if (name := _section(text)) is not None:
            section = name
        elif section == wanted and _tells(text):
            key, _, value = text.partition("=")
            yield Option(key.strip(), value.strip(), number)


OFF = ("false", "0", "no", "off")
"""Values by which uWSGI 2.0.31 leaves a switch off; any other, and none, sets it."""


def is_on(option: Option | None) -> bool:
    """Whether a switch is set."""
    return option is not None and option.value.lower() not in OFF


def last(found: Iterable[Option], *keys: str) -> Option | None:
    """The option that holds, of those with any of these names: the last one."""
    return next((each for each in reversed(list(found)) if each.key in keys), None)


def expanded(value: str, found: Iterable[Option]) -> str:
    """A value with those of the options that it names, as ``%(base)/app``; what no option of the file sets stays."""
    known = {each.key: each.value for each in found}
    for _ in range(DEEPEST):
        value = PLACEHOLDER.sub(lambda name: known.get(name[1], name[0]), value)[:LONGEST]
    return value
