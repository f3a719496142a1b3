"""A user's configuration with what is replaced in the copy of it that the testbed runs."""

from __future__ import annotations

import copy
import difflib
import re
from dataclasses import dataclass, field
from typing import Self

from heartbed.candidates.source import Source, SourceFile

COPY = "/opt/heartbed/candidate"
"""Where copies are in the container: a folder for each candidate, with the user's files in ``files`` beneath it."""


@dataclass(frozen=True)
class Replacement:
    """Lines of a user's file that read otherwise in the copy. ``text`` is the new line, None for no line at all."""

    file: str
    first: int
    last: int
    text: str | None
    reason: str
    was: str


@dataclass
class Adapted:
    """A configuration made ready for the testbed.

    A replacement takes as many lines as what it stands for, so that a line that
    the server complains of is the user's own line.
    """

    source: Source
    _by_place: dict[tuple[str, int], Replacement] = field(default_factory=dict)
    """By file and first line."""

    @property
    def replacements(self) -> list[Replacement]:
        """All of them, those that were made last at the end."""
        return [*self._by_place.values()]

    def add(self, replacement: Replacement) -> None:
        """Replace, also what was replaced before."""
        place = (replacement.file, replacement.first)
        self._by_place.pop(place, None)
        self._by_place[place] = replacement

    def copied(self) -> Self:
        """The same, to be changed by itself."""
        other = copy.copy(self)
        vars(other)["_by_place"] = dict(self._by_place)
        return other

    @property
    def dropped(self) -> frozenset[tuple[str, int]]:
        """The lines that are not in the copy at all, by file and number."""
        return frozenset((each.file, each.first) for each in self.replacements if each.text is None)

    def text(self, file: SourceFile) -> list[str]:
        """The lines of the copy of one file."""
        lines = list(file.lines)
        for each in self.replacements:
            if each.file == file.inside:
                lines[each.first - 1 : each.last] = _in_place(each)
        return lines

    def reasons(self) -> dict[str, str]:
        """Why something was replaced -> the names of the directives that were."""
        names: dict[str, dict[str, None]] = {}
        for each in self.replacements:
            names.setdefault(each.reason, {})[re.split(r"[\s=]", each.was.strip())[0].lstrip("<")] = None
        return {reason: ", ".join(some) for reason, some in names.items()}

    def diff(self) -> str:
        """All that was replaced, as a unified diff; empty when nothing was."""
        return "".join(diff(file, list(file.lines), self.text(file)) for file in self.source.files)


def _in_place(each: Replacement) -> list[str]:
    count = each.last - each.first + 1
    note = f"# {each.was}"
    first = note if each.text is None else each.text
    return [first, *["#"] * (count - 1)]


def diff(file: SourceFile, before: list[str], after: list[str], *, note: str = "in the testbed") -> str:
    """A unified diff of one file, without context."""
    name = f"{file.shown} {file.written}".rstrip()
    told = difflib.unified_diff(before, after, name, f"{name} ({note})", lineterm="", n=0)
    return "".join(f"{line}\n" for line in told)
