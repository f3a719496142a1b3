"""Where in the user's files something stands that httpd tells of its copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbed.candidates.adapted import COPY
from heartbed.candidates.source import SourceFile, where
from heartbed.servers.httpd.lines import Directive, directives

if TYPE_CHECKING:
    from heartbed.candidates.prepared import Draft
    from heartbed.servers.httpd.dump import Node


def files(label: str) -> str:
    """The folder of a candidate's files in the container."""
    return f"{COPY}/{label}/files"


def file_of(draft: Draft, path: str | None) -> SourceFile | None:
    """The user's file behind a path in the container."""
    inside = (path or "").removeprefix(f"{files(draft.label)}/")
    return draft.source.file(inside) if inside != path else None


def place(draft: Draft, node: Node) -> tuple[SourceFile, Directive] | None:
    """The directive of the user's that a node of httpd's tree comes from."""
    file = file_of(draft, node.file)
    if file is None:
        return None
    found = next((d for d in directives(file.lines) if d.first <= node.line <= d.last), None)
    return (file, found) if found else None


def at(draft: Draft, node: Node) -> str:
    """File and line of a node, as the user knows them."""
    found = place(draft, node)
    return where(found[0], found[1].first) if found else draft.source.main.shown
