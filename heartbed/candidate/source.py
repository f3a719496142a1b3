"""Reads a user's configuration with the files that it includes. Reads only, and only inside the permitted folder."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidate.lines import Directive, directives, expand
from heartbed.errors import InputError

LARGEST_FILE = 1024 * 1024
"""Octets. httpd's own manual, as one file, is smaller."""

MOST_FILES = 200
DEEPEST = 16

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


@dataclass(frozen=True)
class SourceFile:
    """One file of the user's. ``shown`` is its name for people, ``inside`` its path in the copy."""

    path: Path
    shown: str
    inside: str
    lines: tuple[str, ...]

    def directives(self) -> Iterator[Directive]:
        """The directives in it."""
        return directives(self.lines)


@dataclass
class Source:
    """A configuration: the file that was named, and those that it includes.

    ``includes`` says for each Include line, by file and line, which pattern in
    the copy stands for it; None where it is set aside.
    """

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    includes: dict[tuple[str, int], str | None] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=lambda: dict(VARIABLES))

    @property
    def main(self) -> SourceFile:
        """The file that the user named."""
        return self.files[0]

    def all(self) -> Iterator[tuple[SourceFile, Directive]]:
        """Every directive of every file."""
        for file in self.files:
            for directive in file.directives():
                yield file, directive

    def file(self, inside: str) -> SourceFile | None:
        """The file with that path in the copy."""
        return next((file for file in self.files if file.inside == inside), None)


def where(file: SourceFile, line: int) -> str:
    """``site.conf:12``."""
    return f"{file.shown}:{line}"


def read(path: Path, *, root: Path | None = None) -> Source:
    """Read a configuration. It may include what is inside ``root``, its own folder unless said otherwise.

    Raises ``InputError`` for a file that is missing, empty, binary, too large,
    or that reads outside of the folder.
    """
    lines = _lines(path, str(path))
    server_root = _server_root(lines)
    inside = (root or _own_root(path, server_root)).resolve()
    if not path.resolve().is_relative_to(inside):
        raise InputError(f"{path} is not in the folder {inside}", hint="--root names the folder that it may read from")
    source = Source(inside)
    _add(source, path, lines, server_root, 0)
    if not any(True for _ in source.main.directives()):
        raise InputError(f"{path} has no directive in it", hint="it must be an httpd configuration")
    return source


def _lines(path: Path, shown: str) -> tuple[str, ...]:
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise InputError(f"{shown} {what}", hint="name an httpd configuration file, a preset or a cell expression")
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(f"{shown} has {size:,} octets; a configuration has at most {LARGEST_FILE:,}")
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {shown}: {error.strerror}") from None
    if not raw.strip():
        raise InputError(f"{shown} is empty")
    if b"\0" in raw:
        raise InputError(f"{shown} is not text: there is a zero octet at offset {raw.index(0)}")
    # Whatever the encoding of its comments: what httpd reads are octets.
    return tuple(raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"))


def _server_root(lines: tuple[str, ...]) -> str:
    found = [d.words[0] for d in directives(lines) if d.key == "serverroot" and d.words]
    return found[-1].rstrip("/") if found else ""


def _own_root(path: Path, server_root: str) -> Path:
    """The folder of the file; the folder above when the file is the main one and lies in ServerRoot's ``conf``."""
    folder = path.resolve().parent
    if server_root and folder.name == "conf" and Path(server_root).name == folder.parent.name:
        return folder.parent
    return folder


def _add(source: Source, path: Path, lines: tuple[str, ...], server_root: str, depth: int) -> None:
    if len(source.files) >= MOST_FILES or depth > DEEPEST:
        raise InputError(f"{path}: more than {MOST_FILES} files, or more than {DEEPEST} Includes deep")
    inside = str(Path(os.path.abspath(path)).relative_to(_lexical(source.root, path)))  # noqa: PTH100  links stay
    if source.file(inside):
        return
    file = SourceFile(path, _shown(path), inside, lines)
    source.files.append(file)
    for directive in file.directives():
        if directive.key == "define" and directive.words:
            name, *value = directive.words
            source.variables[name] = expand(value[0], source.variables) if value else ""
        elif directive.key in ("include", "includeoptional"):
            _include(source, file, directive, server_root, depth)


def _shown(path: Path) -> str:
    """The path as a person would type it here."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _lexical(root: Path, path: Path) -> Path:
    """The root as it stands in the path, which may lead through a symbolic link."""
    for parent in Path(os.path.abspath(path)).parents:  # noqa: PTH100  resolving would lose the link
        if parent.resolve() == root:
            return parent
    return root


def _include(source: Source, file: SourceFile, directive: Directive, server_root: str, depth: int) -> None:
    at = where(file, directive.first)
    if not directive.words:
        raise InputError(f"{at}: {directive.name} names no file")
    written = directive.words[0]
    pattern = expand(written, source.variables)
    distributions = bool(DISTRIBUTIONS_OWN.search(pattern))
    below = _below_root(source.root, pattern, server_root)
    if below is None and not (distributions and pattern.startswith(DISTRIBUTIONS_FOLDERS)):
        raise InputError(
            f"{at}: {directive.name} reads {written}, which is outside of {source.root}",
            hint="--root FOLDER permits what is inside that folder; or put a copy beside the file",
        )
    found = _glob(source.root, below) if below else []
    if below is None or not found:
        if directive.key == "include" and not distributions:
            raise InputError(f"{at}: {directive.name} names {written}, and there is no such file in {source.root}")
        source.includes[file.inside, directive.first] = None
        return
    source.includes[file.inside, directive.first] = below
    for each in found:
        for path in _files(each):
            if not path.resolve().is_relative_to(source.root):
                raise InputError(
                    f"{at}: {path} leads to {path.resolve()}, which is outside of {source.root}",
                    hint="--root FOLDER permits what is inside that folder",
                )
            lines = _lines(path, str(path))
            _add(source, path, lines, server_root, depth + 1)


def _glob(root: Path, pattern: str) -> list[Path]:
    return sorted(root.glob(pattern))


def _files(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _below_root(root: Path, pattern: str, server_root: str) -> str | None:
    """The pattern relative to the root; None when it leads outside of it."""
    path = Path(pattern)
    if path.is_absolute():
        for start in (str(root), server_root, "/etc/apache2", "/etc/httpd"):
            if start and path.is_relative_to(start):
                below = path.relative_to(start)
                # A copy of a server's folder: its absolute paths mean the copy.
                if start == str(root) or _glob(root, str(below)):
                    path = below
                    break
        else:
            return None
        if path.is_absolute():
            return None
    normal = os.path.normpath(path)
    return None if normal.startswith("..") else normal
