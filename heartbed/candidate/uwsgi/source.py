"""Reads a user's uWSGI configuration with the files that it includes, from inside the permitted folder only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from heartbed.candidate.source import Source, SourceFile, permitted, read_lines, where
from heartbed.candidate.uwsgi.ini import INCLUDES, OWN_SECTION, Option, header, options
from heartbed.errors import InputError


class UwsgiSource(Source):
    """A configuration of uWSGI's."""

    def all(self) -> Iterator[tuple[SourceFile, Option]]:
        """Every option of every file."""
        for file in self.files:
            for option in options(file.lines):
                yield file, option


def read(path: Path, *, root: Path | None = None) -> UwsgiSource:
    """Read a configuration. It may include what is inside ``root``, its own folder unless said otherwise.

    Raises ``InputError`` for a file that is missing, empty, binary, too large,
    without a section for uWSGI, or that reads outside of the folder.
    """
    lines = read_lines(path, str(path))
    if not header(lines):
        raise InputError(
            f"{path} is an ini file without a section [{OWN_SECTION}]",
            hint="name uWSGI's own configuration; a nova.conf is named with --oslo-config",
        )
    source = UwsgiSource(permitted(path, root or path.resolve().parent))
    _add(source, path, lines, 0)
    return source


def _add(source: UwsgiSource, path: Path, lines: tuple[str, ...], depth: int) -> None:
    file = source.add(path, lines, depth)
    if file is None:
        return
    for option in options(lines):
        if option.key in INCLUDES:
            _include(source, file, option, depth)


def _include(source: UwsgiSource, file: SourceFile, option: Option, depth: int) -> None:
    at = where(file, option.line)
    folder = file.path.resolve().parent
    written = option.value.replace("%d", f"{folder}/")
    if not written or "%" in written or "$" in written or ":" in written:
        raise InputError(
            f"{at}: {option.key} = {option.value} is not the plain name of a file",
            hint="name the file itself for this check, without variables or a section",
        )
    path = Path(os.path.normpath(folder / written))
    if not path.is_relative_to(source.root):
        raise InputError(
            f"{at}: {option.key} reads {option.value}, which is outside of {source.root}",
            hint="--root FOLDER permits what is inside that folder; or put a copy beside the file",
        )
    if not path.is_file():
        raise InputError(f"{at}: {option.key} names {option.value}, and there is no such file in {source.root}")
    source.refuse_outside(path, at)
    source.includes[file.inside, option.line] = str(path.relative_to(source.root))
    _add(source, path, read_lines(path, str(path)), depth + 1)
