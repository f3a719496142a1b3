"""A candidate on its way: drafted from the user's files, then prepared; and where in them something stands."""

from __future__ import annotations

from dataclasses import dataclass

from heartbed.axes import DEFAULT_OSLO
from heartbed.candidate import dump
from heartbed.candidate.adapt import COPY, Adapted
from heartbed.candidate.lines import Directive
from heartbed.candidate.shape import Shape
from heartbed.candidate.source import Source, SourceFile, where
from heartbed.candidate.subject import Candidate
from heartbed.candidate.wishes import Wishes


@dataclass(frozen=True)
class Draft:
    """A user's file, read and adapted. Nothing has been started for it."""

    label: str
    adapted: Adapted
    mpm: str
    load: tuple[str, ...]
    wishes: Wishes
    assumptions: tuple[str, ...]

    @property
    def oslo(self) -> str:
        """The version of oslo.messaging that it is to run with."""
        return self.wishes.oslo or DEFAULT_OSLO

    @property
    def source(self) -> Source:
        """The user's files."""
        return self.adapted.source


@dataclass(frozen=True)
class Prepared:
    """A candidate that httpd accepts and whose application answers."""

    draft: Draft
    shape: Shape
    candidate: Candidate
    root: dump.Node
    """The configuration that httpd has in force."""

    @property
    def label(self) -> str:
        """What the candidate is called."""
        return self.draft.label

    def place(self, node: dump.Node) -> tuple[SourceFile, Directive] | None:
        """The directive of the user's that a node of httpd's tree comes from."""
        return place(self.draft, node)


def file_of(draft: Draft, path: str | None) -> SourceFile | None:
    """The user's file behind a path in the container."""
    inside = (path or "").removeprefix(f"{COPY}/{draft.label}/files/")
    return draft.source.file(inside) if inside != path else None


def place(draft: Draft, node: dump.Node) -> tuple[SourceFile, Directive] | None:
    """The directive of the user's that a node of httpd's tree comes from."""
    file = file_of(draft, node.file)
    if file is None:
        return None
    found = next((d for d in file.directives() if d.first <= node.line <= d.last), None)
    return (file, found) if found else None


def at(draft: Draft, node: dump.Node) -> str:
    """File and line of a node, as the user knows them."""
    found = place(draft, node)
    return where(found[0], found[1].first) if found else draft.source.main.shown
