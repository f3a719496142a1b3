"""Lines of a uWSGI configuration: options with their values, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

SECTION = re.compile(r"\s*\[([^\]]*)\]\s*\Z")
OWN_SECTION = "uwsgi"
"""The only section that uWSGI reads unless it is told another name."""

INCLUDES = ("ini", "include", "inherit")
"""Options that read another file."""


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


def header(lines: Sequence[str]) -> int:
    """The line of uWSGI's section; 0 where there is none."""
    return next((at for at, text in enumerate(lines, 1) if (f := SECTION.match(text)) and f[1] == OWN_SECTION), 0)


def options(lines: Sequence[str]) -> Iterator[Option]:
    """The options of uWSGI's section, comments and blank lines left out."""
    section = ""
    for number, text in enumerate(lines, 1):
        if found := SECTION.match(text):
            section = found[1]
        elif section == OWN_SECTION and _tells(text):
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
