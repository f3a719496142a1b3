"""Reads a user's uWSGI configuration with the files that it includes, from inside the permitted folder only."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidates import templates
from heartbed.candidates.source import Source, SourceFile, permitted, read_lines, shown_path, where
from heartbed.errors import InputError
from heartbed.servers.uwsgi.ini import INCLUDES, INCLUDES_OTHERS, OWN_SECTION, Option, options, sections

BYTE_ORDER_MARK = "\ufeff"
MOST_OPTIONS = 20_000
OTHER_ENDINGS = tuple(f".{language}" for language in INCLUDES_OTHERS)


@dataclass
class UwsgiSource(Source):
    """A configuration of uWSGI's. ``sections`` says for each line that includes which section it reads."""

    sections: dict[tuple[str, int], str] = field(default_factory=dict)

    def all(self) -> Iterator[tuple[SourceFile, Option]]:
        """Every option that uWSGI reads, in its order. Raises ``InputError`` where there is no end of them."""
        for number, each in enumerate(self._in(self.main, OWN_SECTION, ())):
            if number >= MOST_OPTIONS:
                raise InputError(f"{self.main.shown} comes to more than {MOST_OPTIONS:,} options with what it includes")
            yield each

    def _in(
        self, file: SourceFile, section: str, within: tuple[tuple[str, str], ...]
    ) -> Iterator[tuple[SourceFile, Option]]:
        around = (*within, (file.inside, section))
        for option in options(file.lines, section):
            yield file, option
            target, wanted = self.included(file, option)
            if target and (target.inside, wanted) not in around:
                yield from self._in(target, wanted, around)

    def included(self, file: SourceFile, option: Option) -> tuple[SourceFile | None, str]:
        """The file and section that a line reads; no file where it reads none."""
        place = file.inside, option.line
        return self.file(self.includes.get(place, "")), self.sections.get(place, OWN_SECTION)


def read(path: Path, *, root: Path | None = None) -> UwsgiSource:
    """Read a configuration. It may include what is inside ``root``, its own folder unless said otherwise.

    Raises ``InputError`` for a file that is missing, empty, binary, too large,
    without a section for uWSGI, or that reads outside of the folder.
    """
    lines = read_lines(path, str(path))
    if lines[0].startswith(BYTE_ORDER_MARK):
        raise InputError(
            f"{path} begins with a byte order mark, which uWSGI takes for a part of the first line",
            hint="save it without; uWSGI itself would read nothing of it",
        )
    found = sections(lines)
    if OWN_SECTION not in found:
        others = [name for name in found if name]
        hint = "name uWSGI's own configuration; a nova.conf is named with --oslo-config"
        if others:
            hint += f"; a file with two lines, [uwsgi] and ini = {path.name}:{others[0][:40]}, checks that section"
        raise InputError(f"{path} is an ini file without a section [{OWN_SECTION}]", hint=hint)
    source = UwsgiSource(permitted(path, root or path.resolve().parent))
    _add(source, path.resolve(), OWN_SECTION, 0, shown_path(path))
    return source


def _add(source: UwsgiSource, path: Path, section: str, depth: int, shown: str = "") -> None:
    lines = read_lines(path, str(path))
    file = source.add(path, lines, depth, shown) or source.file(str(path.relative_to(source.root)))
    if file is None:
        return
    templates.refuse(file.shown, lines)
    for option in options(lines, section):
        # What is known has been followed already, also where a file includes itself.
        if option.key in (*INCLUDES, *INCLUDES_OTHERS) and (file.inside, option.line) not in source.includes:
            _include(source, file, option, depth)


def _include(source: UwsgiSource, file: SourceFile, option: Option, depth: int) -> None:
    at = where(file, option.line)
    folder = file.path.resolve().parent
    written = option.value
    for variable in ("%d", "%D"):
        written = written.replace(variable, f"{folder}/")
    for variable in ("%p", "%P"):
        written = written.replace(variable, str(file.path.resolve()))
    name, _, section = written.partition(":")
    if not (name or section) or "%" in written or "$" in written or "://" in written:
        raise InputError(
            f"{at}: {option.key} = {option.value} is not the plain name of a file",
            hint="name the file itself for this check, without variables",
        )
    if option.key in INCLUDES_OTHERS or (option.key != "ini" and name.endswith(OTHER_ENDINGS)):
        raise InputError(
            f"{at}: {option.key} = {option.value}: this form is not covered: a file in another language than ini is "
            "read where it is named itself, not where it is included",
            hint="write what it says into a copy of the file that includes it",
        )
    path = Path(os.path.normpath(folder / name)) if name else file.path.resolve()
    if not path.is_relative_to(source.root):
        raise InputError(
            f"{at}: {option.key} reads {option.value}, which is outside of {source.root}",
            hint="--root FOLDER permits what is inside that folder; or put a copy beside the file",
        )
    if not _is_file(path):
        raise InputError(f"{at}: {option.key} names {option.value[:100]}, and there is no such file in {source.root}")
    source.refuse_outside(path, at)
    source.includes[file.inside, option.line] = str(path.relative_to(source.root))
    source.sections[file.inside, option.line] = section or OWN_SECTION
    _add(source, path, section or OWN_SECTION, depth + 1)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or none that there can be
        return False
