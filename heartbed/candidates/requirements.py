"""What a user's requirements would make pip do here, on this machine: install wheels, and run nothing.

To build a package is to run its code. A package in a folder, in an archive, or at the address of a repository is
built whatever pip is told, and ``--no-binary`` has pip build what is released as a wheel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from heartbed.errors import InputError
from heartbed.files import is_regular

MOST_FILES = 50
"""Requirements that require one another end somewhere."""

INCLUDES = re.compile(r"(?:-r|-c|--requirement|--constraint)(?:\s+|\s*=\s*|(?<=-[rc]))(\S+)")
OPTION = re.compile(
    r"-[if]\S*|--(index-url|extra-index-url|no-index|find-links|only-binary|prefer-binary|require-hashes|pre"
    r"|trusted-host|hash)(=\S*)?"
)
"""Those of pip's options that a line may have. pip takes abbreviations of the others, too: only these whole."""
NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?(?=\s*(?:\[[^\]]*\]\s*)?(?:$|[=<>!~;(]|--|@))")
ARCHIVE = re.compile(r".*\.(zip|tar|tgz|tbz|txz|tlz|tar\.\w+)", re.IGNORECASE)
WHEEL = re.compile(r".*\.whl(?:#\S*)?(?:\s*;.*|\s+--.*)?", re.IGNORECASE)
COMMENT = re.compile(r"(^|\s)#.*")
JOINED = re.compile(r"\\\r?\n")


def refuse_builds(requirements: Path) -> None:
    """Raise ``InputError`` for a line that would have pip build something; those of included files as well."""
    waiting, known = [requirements], {requirements.resolve()}
    while waiting:
        path = waiting.pop()
        if len(known) > MOST_FILES or not is_regular(path):
            raise InputError(f"{requirements}: {path} is not a file, or one of more than {MOST_FILES}")
        for line in _lines(path):
            included = INCLUDES.fullmatch(line)
            if included is None:
                _check(line, path)
            elif (beside := path.parent / included[1]).resolve() not in known:
                known.add(beside.resolve())
                waiting.append(beside)


def _lines(path: Path) -> Iterator[str]:
    """The lines as pip joins them, without comments."""
    text = path.read_text(encoding="utf-8", errors="replace")
    for line in JOINED.sub("", text).splitlines():
        if plain := COMMENT.sub("", line).strip():
            yield plain


def _check(line: str, path: Path) -> None:
    for option in (word for word in line.split() if word.startswith("-")):
        if OPTION.fullmatch(option) is None:
            raise InputError(
                f"{path}: {line[:100]!r}: {option} is not taken here, where nothing may be built",
                hint="name releases that have a wheel, or wheels themselves: pip wheel makes one",
            )
    if line.startswith("-"):
        return
    name = NAME.match(line)
    direct = name is None or "@" in line[name.end() :].partition(";")[0]
    builds = WHEEL.fullmatch(line) is None if direct or name is None else ARCHIVE.fullmatch(name[0]) is not None
    if builds:
        raise InputError(
            f"{path}: {line[:100]!r} would have to be built, which runs its code on this machine",
            hint="name a release that has a wheel, or the wheel itself: pip wheel makes one",
        )
