"""The files of a user's configuration, whatever server they are for. Reads only."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.errors import InputError
from heartbed.files import read_octets
from heartbed.places import INSTALLED, ROOT, here

LARGEST_FILE = 1024 * 1024
"""Octets. httpd's own manual, as one file, is smaller."""

MOST_FILES = 200
DEEPEST = 16


@dataclass(frozen=True)
class SourceFile:
    """One file of the user's. ``shown`` is its name for people, ``inside`` its path in the copy."""

    path: Path
    shown: str
    inside: str
    lines: tuple[str, ...]
    origins: tuple[str, ...] = ()
    """Where each line has come from, of one that was made of the user's file, which then is what ``shown`` names."""
    written: str = ""
    """How it differs from what the user has, in words; empty where it does not."""


@dataclass
class Source:
    """A configuration: the file that was named, and those that it includes.

    ``includes`` says for each line that includes, by file and line, which file
    or pattern in the copy stands for it; one that is not there is set aside.
    """

    root: Path
    files: list[SourceFile] = field(default_factory=list)
    includes: dict[tuple[str, int], str] = field(default_factory=dict)

    @property
    def main(self) -> SourceFile:
        """The file that the user named."""
        return self.files[0]

    def file(self, inside: str) -> SourceFile | None:
        """The file with that path in the copy."""
        return next((file for file in self.files if file.inside == inside), None)

    def add(self, path: Path, lines: tuple[str, ...], depth: int, shown: str = "") -> SourceFile | None:
        """Take a file in; None where it is known already. Raises ``InputError`` for too many, or too deep."""
        self.room(path, depth)
        inside = str(Path(os.path.abspath(path)).relative_to(_lexical(self.root, path)))  # noqa: PTH100  links stay
        if self.file(inside):
            return None
        file = SourceFile(path, shown or shown_path(path), inside, lines)
        self.files.append(file)
        return file

    def room(self, path: Path, depth: int) -> None:
        """Raise ``InputError`` where there is no room for one more file, or so deep."""
        if len(self.files) >= MOST_FILES or depth > DEEPEST:
            raise InputError(f"{path}: more than {MOST_FILES} files, or more than {DEEPEST} includes deep")

    def refuse_outside(self, path: Path, at: str) -> None:
        """Raise ``InputError`` for a file that a link leads out of the permitted folder."""
        if not path.resolve().is_relative_to(self.root):
            raise InputError(
                f"{at}: {path} leads to {path.resolve()}, which is outside of {self.root}",
                hint="--root FOLDER permits what is inside that folder",
            )


def where(file: SourceFile, line: int) -> str:
    """``site.conf:12``."""
    return file.origins[line - 1] if file.origins else f"{file.shown}:{line}"


def read_lines(path: Path, shown: str, *, may_be_empty: bool = False) -> tuple[str, ...]:
    """The lines of a file. Raises ``InputError`` for one that is missing, empty, binary or too large."""
    raw = read_octets(path, LARGEST_FILE, shown, hint="name a configuration file, or a preset of `heartbed presets`")
    if not raw.strip() and not may_be_empty:
        raise InputError(f"{shown} is empty")
    if b"\0" in raw:
        raise InputError(f"{shown} is not text: there is a zero byte at offset {raw.index(0)}")
    # Whatever the encoding of its comments: what a server reads are octets.
    return tuple(raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n"))


def permitted(path: Path, root: Path) -> Path:
    """The folder that a file may read from, resolved. Raises ``InputError`` where the file itself is outside."""
    inside = root.resolve()
    if not path.resolve().is_relative_to(inside):
        raise InputError(f"{path} is not in the folder {inside}", hint="--root names the folder that it may read from")
    return inside


def shown_path(path: Path) -> str:
    """The path as a person would type it here; of what is Heartbed's own, where it stands in the source."""
    for folder in (ROOT, here()) if INSTALLED else (here(),):
        with contextlib.suppress(ValueError):
            return str(path.relative_to(folder))
    return str(path)


def _lexical(root: Path, path: Path) -> Path:
    """The root as it stands in the path, which may lead through a symbolic link."""
    for parent in Path(os.path.abspath(path)).parents:  # noqa: PTH100  resolving would lose the link
        if parent.resolve() == root:
            return parent
    return root
