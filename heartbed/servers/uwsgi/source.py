"""Reads a user's uWSGI configuration with the files that it includes, from inside the permitted folder only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from heartbed.candidates.source import Source, SourceFile, permitted, read_lines, shown_path, where
from heartbed.errors import InputError
from heartbed.servers.uwsgi.ini import INCLUDES, OWN_SECTION, Option, header, options


class UwsgiSource(Source):
    """A configuration of uWSGI's."""

    def all(self) -> Iterator[tuple[SourceFile, Option]]:
        """Every option of every file, in the order in which uWSGI reads them."""
        return self._in(self.main, ())

    def _in(self, file: SourceFile, within: tuple[str, ...]) -> Iterator[tuple[SourceFile, Option]]:
        for option in options(file.lines):
            yield file, option
            target = self.file(self.includes.get((file.inside, option.line), ""))
            if target and target.inside not in (*within, file.inside):
                yield from self._in(target, (*within, file.inside))


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
    _add(source, path.resolve(), lines, 0, shown_path(path))
    return source


def _add(source: UwsgiSource, path: Path, lines: tuple[str, ...], depth: int, shown: str = "") -> None:
    file = source.add(path, lines, depth, shown)
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
    if not _is_file(path):
        raise InputError(f"{at}: {option.key} names {option.value[:100]}, and there is no such file in {source.root}")
    source.refuse_outside(path, at)
    source.includes[file.inside, option.line] = str(path.relative_to(source.root))
    _add(source, path, read_lines(path, str(path)), depth + 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or none that there can be
        return False
