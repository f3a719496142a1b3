"""Reads a user's httpd configuration with the files that it includes, from inside the permitted folder only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidates.source import Source, SourceFile, permitted, read_lines, shown_path, where
from heartbed.errors import InputError
from heartbed.servers.httpd.lines import Directive, directives, expand

DISTRIBUTIONS_OWN = re.compile(
    r"(^|/)(mods-enabled|mods-available|conf-enabled|conf-available|conf\.modules\.d|conf\.d|sites-enabled|"
    r"vhosts\.d|ports\.conf|envvars|magic|httpd\.conf|apache2\.conf)(/|$)"
)
"""Parts that a distribution brings. A site file that includes them is not expected to come with them."""

DISTRIBUTIONS_FOLDERS = ("/etc/apache2/", "/etc/httpd/", "/usr/share/")

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
    """A configuration of httpd's, with the variables that it defines."""

    variables: dict[str, str] = field(default_factory=lambda: dict(VARIABLES))

    def all(self) -> Iterator[tuple[SourceFile, Directive]]:
        """Every directive of every file."""
        for file in self.files:
            for directive in directives(file.lines):
                yield file, directive


def read(path: Path, *, root: Path | None = None) -> HttpdSource:
    """Read a configuration. It may include what is inside ``root``, its own folder unless said otherwise.

    Raises ``InputError`` for a file that is missing, empty, binary, too large,
    or that reads outside of the folder.
    """
    lines = read_lines(path, str(path))
    server_root = _server_root(lines)
    source = HttpdSource(permitted(path, root or _own_root(path, server_root)))
    _add(source, path.resolve(), lines, server_root, 0, shown_path(path))
    if not any(True for _ in directives(source.main.lines)):
        raise InputError(f"{path} has no directive in it", hint="it must be an httpd configuration")
    return source


def _server_root(lines: tuple[str, ...]) -> str:
    found = [d.words[0] for d in directives(lines) if d.key == "serverroot" and d.words]
    return found[-1].rstrip("/") if found else ""


def _own_root(path: Path, server_root: str) -> Path:
    """The folder of the file; the folder above when the file is the main one and lies in ServerRoot's ``conf``."""
    folder = path.resolve().parent
    if server_root and folder.name == "conf" and Path(server_root).name == folder.parent.name:
        return folder.parent
    return folder


def _add(  # noqa: PLR0913, PLR0917  what a file is, and where it stands
    source: HttpdSource, path: Path, lines: tuple[str, ...], server_root: str, depth: int, shown: str = ""
) -> None:
    file = source.add(path, lines, depth, shown)
    if file is None:
        return
    for directive in directives(lines):
        if directive.key == "define" and directive.words:
            name, *value = directive.words
            source.variables[name] = expand(value[0], source.variables) if value else ""
        elif directive.key in ("include", "includeoptional"):
            _include(source, file, directive, server_root, depth)


def _include(source: HttpdSource, file: SourceFile, directive: Directive, server_root: str, depth: int) -> None:
    at = where(file, directive.first)
    if not directive.words:
        raise InputError(f"{at}: {directive.name} names no file")
    written = directive.words[0]
    pattern = expand(written, source.variables)
    distributions = bool(DISTRIBUTIONS_OWN.search(pattern))
    below = _below_root(source.root, pattern, server_root, at)
    if below is None and not (distributions and pattern.startswith(DISTRIBUTIONS_FOLDERS)):
        raise InputError(
            f"{at}: {directive.name} reads {written}, which is outside of {source.root}",
            hint="--root FOLDER permits what is inside that folder; or put a copy beside the file",
        )
    found = _glob(source.root, below, at) if below else []
    if below is None or not found:
        if directive.key == "include" and not distributions:
            raise InputError(f"{at}: {directive.name} names {written}, and there is no such file in {source.root}")
        return
    source.includes[file.inside, directive.first] = below
    for each in found:
        for path in _files(each):
            source.refuse_outside(path, at)
            _add(source, path, read_lines(path, str(path)), server_root, depth + 1)


def _glob(root: Path, pattern: str, at: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except (OSError, ValueError, IndexError, NotImplementedError):
        raise InputError(f"{at}: {pattern[:60]!r} is not a pattern for files") from None


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _below_root(root: Path, pattern: str, server_root: str, at: str) -> str | None:
    """The pattern relative to the root; None when it leads outside of it."""
    path = Path(pattern)
    if path.is_absolute():
        for start in (str(root), server_root, "/etc/apache2", "/etc/httpd"):
            if start and path.is_relative_to(start):
                below = path.relative_to(start)
                # A copy of a server's folder: its absolute paths mean the copy.
                if start == str(root) or _glob(root, str(below), at):
                    path = below
                    break
        else:
            return None
        if path.is_absolute():
            return None
    normal = os.path.normpath(path)
    return None if normal.startswith("..") else normal
