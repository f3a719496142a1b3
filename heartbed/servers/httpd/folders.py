"""Folders whose files a handler runs as WSGI scripts: the URL chooses the script, and one stands for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.patterns import Chosen, in_folder

BY_SUFFIX = ("addhandler", "addtype")
USUAL = "app.wsgi"
PATTERN = "*"
"""Stands for folders that a pattern names."""


def in_folders(
    root: Node, nodes: Sequence[Node], used: Sequence[Node], path: str | None
) -> Iterator[tuple[Node, Chosen]]:
    """For each of the ``used`` handlers in a folder that ``nodes``, a host's, give a URL: a URL in it, and a script.

    ``path`` is the URL that the user means, where that chooses one.
    """
    around = {id(node): folder for folder, nodes_in in _folders(root) for node in nodes_in}
    documents = [node.words[0].rstrip("/") for node in nodes if node.name == "documentroot" and node.words]
    aliases = [node.words for node in nodes if node.name == "alias" and len(node.words) == 2]
    for handler in used:
        name = USUAL
        if handler.name in BY_SUFFIX and len(handler.words) > 1:
            name = f"app.{handler.words[1].lstrip('.')}"
        folder = around.get(id(handler))
        if folder == PATTERN:
            continue
        for target in documents[-1:]:
            if folder is None or _within(target, folder):
                yield handler, in_folder("/", f"{target}/", path, name)
            elif _within(folder, target):
                yield handler, in_folder(folder.removeprefix(target), f"{folder}/", path, name)
        for url, target in aliases:
            if folder is not None and _within(folder, target.rstrip("/")):
                below = folder.removeprefix(target.rstrip("/"))
                yield handler, in_folder(f"{url.rstrip('/')}{below}", f"{folder}/", path, name)


def _folders(root: Node) -> Iterator[tuple[str, Iterator[Node]]]:
    """The sections for folders, each with the folder that it names and what stands in it."""
    for node in root.walk():
        if node.name in ("<directory", "<directorymatch"):
            one = node.name == "<directory" and len(node.words) == 1 and not set(node.words[0]) & set("*?[")
            yield node.words[0].rstrip("/") if one else PATTERN, node.walk()


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
