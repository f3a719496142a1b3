"""Reads a user's httpd configuration with the files that it includes, from inside the permitted folder only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidates import templates
from heartbed.candidates.source import Source, SourceFile, permitted, read_lines, shown_path, where
from heartbed.errors import InputError
from heartbed.servers.httpd import express
from heartbed.servers.httpd.lines import Directive, directives, expand, holds
from heartbed.servers.httpd.macros import Macro, defined

BYTE_ORDER_MARK = "\ufeff"

MOST_DIRECTIVES = 20_000
DEEPEST_SECTIONS = 100

VARIABLES = {
    "APACHE_RUN_USER": "www-data",
    "APACHE_RUN_GROUP": "www-data",
    "APACHE_RUN_DIR": "/run/heartbed",
    "APACHE_LOCK_DIR": "/run/heartbed",
    "APACHE_LOG_DIR": "/run/heartbed",
    "APACHE_PID_FILE": "/run/heartbed/httpd.pid",
}
"""What Debian's envvars gives to every configuration."""


@dataclass
class HttpdSource(Source):
    """A configuration of httpd's, with the variables that it defines.

    ``given`` are the variables that httpd is started with. ``macros`` are known by their name in lower case;
    ``absent`` are the lines that include what is not here, with the reason. ``defined`` are, for each line that httpd
    may read, the variables that there are then: a line further down may define them otherwise.
    """

    given: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    defined: dict[tuple[str, int], Mapping[str, str]] = field(default_factory=dict)
    macros: dict[str, Macro] = field(default_factory=dict)
    absent: dict[tuple[str, int], str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    """What links lead to that is not read, in words."""
    server_root: str = ""
    _read: dict[str, tuple[Directive, ...]] = field(default_factory=dict)

    def of(self, file: SourceFile) -> tuple[Directive, ...]:
        """The directives of one file. Raises ``InputError`` where they come to too many with those of the others."""
        if file.inside not in self._read:
            self._read[file.inside] = tuple(directives(file.lines))
            if sum(map(len, self._read.values())) > MOST_DIRECTIVES:
                most = f"{MOST_DIRECTIVES:,} directives"
                raise InputError(f"{self.main.shown} comes to more than {most} with what it includes")
        return self._read[file.inside]

    def variables_at(self, file: SourceFile, directive: Directive) -> Mapping[str, str]:
        """The variables that there are where a directive is read; those at the end for one that httpd does not read."""
        return self.defined.get((file.inside, directive.first), self.variables)

    def all(self) -> Iterator[tuple[SourceFile, Directive]]:
        """Every directive of every file; those of a macro where it is used, not where it is defined."""
        for file in self.files:
            for directive in self.of(file):
                if "macro" not in (*directive.within, directive.key.lstrip("</").rstrip(">")):
                    yield file, directive


def read(path: Path, *, root: Path | None = None, defines: Mapping[str, str] | None = None) -> HttpdSource:
    """Read a configuration. It may include what is inside ``root``, its own folder unless said otherwise.

    ``defines`` are variables that httpd would be started with. Raises
    ``InputError`` for a file that is missing, empty, binary or too large.
    """
    lines = _lines(path)
    server_root = _server_root(lines)
    given = {**express.defines(path), **(defines or {})}
    source = HttpdSource(
        permitted(path, root or _own_root(path, server_root)),
        given=given,
        variables={**VARIABLES, **given},
        server_root=server_root,
    )
    file = source.add(path.resolve(), lines, 0, shown_path(path))
    if file is not None:
        _follow(source, file, 0)
    if not source.of(source.main):
        raise InputError(f"{path} has no directive in it", hint="it must be an httpd configuration")
    return source


def _lines(path: Path, *, may_be_empty: bool = False) -> tuple[str, ...]:
    lines = read_lines(path, str(path), may_be_empty=may_be_empty)
    if lines[0].startswith(BYTE_ORDER_MARK):
        raise InputError(
            f"{path}:1: the file begins with a byte order mark (BOM), which httpd takes for a part of the first word",
            hint="save it as UTF-8 without a BOM",
        )
    templates.refuse(str(path), lines)
    _refuse_depth(path, lines)
    return lines


def _refuse_depth(path: Path, lines: tuple[str, ...]) -> None:
    depth = 0
    for number, line in enumerate(lines, 1):
        start = line.lstrip()[:2]
        depth = depth if start[:1] != "<" else max(0, depth - 1) if start == "</" else depth + 1
        if depth > DEEPEST_SECTIONS:
            raise InputError(f"{path}:{number}: more than {DEEPEST_SECTIONS} sections within one another")


def _server_root(lines: tuple[str, ...]) -> str:
    found = [d.words[0] for d in directives(lines) if d.key == "serverroot" and d.words]
    return found[-1].rstrip("/") if found else ""


def _own_root(path: Path, server_root: str) -> Path:
    """The folder of the file; the folder above when the file is the main one and lies in ServerRoot's ``conf``."""
    folder = path.resolve().parent
    if server_root and folder.name == "conf" and Path(server_root).name == folder.parent.name:
        return folder.parent
    return folder


def _follow(source: HttpdSource, file: SourceFile, depth: int) -> None:
    """Take in what the file defines, includes and writes out, in the order in which httpd reads it."""
    found = source.of(file)
    macros = dict(defined(file.lines, found))
    for directive in found:
        if not holds(directive, source.variables):
            continue
        source.defined[file.inside, directive.first] = source.variables
        if macro := macros.get(directive.first):
            source.macros[macro.name.lower()] = macro
        if "macro" in directive.within:
            continue
        if directive.key == "define" and directive.words:
            _define(source, file, directive)
        elif directive.key == "undefine":
            source.variables = {n: value for n, value in source.variables.items() if n not in directive.words}
        elif directive.key in ("include", "includeoptional"):
            _include(source, file, directive, depth)
        elif directive.key == "use":
            _use(source, file, directive, depth)


def _define(source: HttpdSource, file: SourceFile, directive: Directive) -> None:
    name, *value = directive.words
    try:
        source.variables = {**source.variables, name: expand(value[0], source.variables) if value else ""}
    except InputError as error:
        raise InputError(f"{where(file, directive.first)}: {error.message}") from None


def _use(source: HttpdSource, file: SourceFile, directive: Directive, depth: int) -> None:
    given = [expand(word, source.variables) for word in directive.words]
    macro = source.macros.get(given[0].lower()) if given else None
    if macro is None:
        return  # httpd says so
    line, inside = directive.first, f"{file.inside}.{directive.first}.macro"
    source.room(file.path, depth + 1)
    shown = f"{where(file, line)}, the macro {macro.name}"
    written = SourceFile(file.path, shown, inside, macro.written_out(given[1:], where(file, line)))
    source.files.append(written)
    source.includes[file.inside, line] = inside
    _follow(source, written, depth + 1)


def _include(source: HttpdSource, file: SourceFile, directive: Directive, depth: int) -> None:
    at = where(file, directive.first)
    if not directive.words:
        raise InputError(f"{at}: {directive.name} names no file")
    pattern = expand(directive.words[0], source.variables)
    outside = f"outside of {source.root}, from which alone is read: --root FOLDER permits another"
    below = _below_root(source, pattern, at)
    found = [path for each in (_glob(source.root, below, at) if below else []) for path in _files(each)]
    strangers = [path for path in found if not path.resolve().is_relative_to(source.root)]
    source.links += [f"{at}: {shown_path(path)} is set aside: the link leads {outside}" for path in strangers]
    found = [path for path in found if path not in strangers]
    if below is None or not found:
        source.absent[file.inside, directive.first] = outside if below is None else f"not in {source.root}"
        return
    source.includes[file.inside, directive.first] = below
    for path in found:
        if included := source.add(path, _lines(path, may_be_empty=True), depth + 1):
            _follow(source, included, depth + 1)


def _glob(root: Path, pattern: str, at: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except (OSError, ValueError, IndexError, NotImplementedError):
        raise InputError(f"{at}: {pattern[:60]!r} is not a pattern for files") from None


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _below_root(source: HttpdSource, pattern: str, at: str) -> str | None:
    """The pattern relative to the root; None when it leads outside of it."""
    path = Path(pattern)
    if path.is_absolute():
        for start in (str(source.root), source.server_root, "/etc/apache2", "/etc/httpd", "/"):
            if start and path.is_relative_to(start):
                below = path.relative_to(start)
                # A copy of a server's folder, or of a machine's tree: its absolute paths mean the copy.
                if start == str(source.root) or _glob(source.root, str(below), at):
                    path = below
                    break
        else:
            return None
        if path.is_absolute():
            return None
    normal = os.path.normpath(path)
    return None if normal.startswith("..") else normal
