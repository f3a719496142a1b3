"""The WSGI applications that a configuration runs, in the tree that httpd has in force."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.folders import in_folders
from heartbed.servers.httpd.patterns import Chosen, example, in_folder, takes

LITERAL = re.compile(r"\^?((?:(?:[\w/~%-]|\\\.|\.(?![*+?{]))(?![*+?{]))*)")
"""What a regular expression for URLs begins with that stands for itself; a dot is taken for a dot."""

ANYTHING = re.compile(r"\A\^?(?:\(\.\*\)|\.\*)(?=/)")
"""What a pattern may begin with that may as well be nothing."""

WITH_REST = re.compile(r"([^$]+?)/?\$\d")
LIKE_A_SCRIPT = re.compile(r".*\.(?:py|wsgi)")
"""A script and what a pattern has found, which is then a path behind it: no folder is called like a script."""

BY_URL = re.compile(r"\$\d")
"""A part of a script's path that the URL says."""

SCRIPT_HANDLER = "wsgi-script"
"""mod_wsgi's own name for the handler that runs a file as a WSGI script."""


PATTERNS = ("wsgiscriptaliasmatch", "aliasmatch", "scriptaliasmatch")
"""Directives that name URLs by a regular expression."""


@dataclass(frozen=True)
class Application:
    """A WSGI application: the directive that names its script, and the virtual host around it if there is one.

    ``url`` is what is asked to reach it; which part of it is in front of the
    application's own paths, httpd says.
    """

    alias: Node
    host: Node | None
    names: tuple[str, ...]
    url: str
    script: str
    by_handler: bool = False
    is_example: bool = False
    """Whether the URL chooses the script, and this one stands for all that there may be."""

    @property
    def may_be_none(self) -> bool:
        """Whether it may be that there is no such script: it would lie in a folder with a handler."""
        return self.by_handler and self.is_example

    @property
    def is_pattern(self) -> bool:
        """Whether a regular expression says which URLs it answers."""
        return self.alias.name in PATTERNS

    @property
    def label(self) -> str:
        """How a user recognises it: the virtual host's address and name, and the URL."""
        address = self.host.arguments if self.host else "the main server"
        host = f"{address} ({', '.join(dict.fromkeys(self.names))})" if self.names else address
        return f"{host} {self.url or '/'} -> {self.script}"


def applications(root: Node, path: str | None = None) -> list[Application]:
    """Every application of every host, in order. ``path`` is the URL that the user means, where that chooses one."""
    main = list(_of_scope(root, None, _main(root), path))
    found = [*main]
    for host in root.own("<virtualhost"):
        nodes = list(host.walk())
        own = list(_of_scope(root, host, nodes, path))
        found += own
        # mod_wsgi puts the aliases of the main server behind those of each virtual host.
        urls = {each.url for each in own}
        found += [replace(each, host=host, names=_names(nodes)) for each in main if _goes_on(each) - urls]
    return found


def _goes_on(application: Application) -> set[str]:
    """The URL at which virtual hosts have an application of the main server too; nothing where they do not."""
    return {application.url} if application.alias.name in ("wsgiscriptalias", "wsgiscriptaliasmatch") else set()


def _names(nodes: list[Node]) -> tuple[str, ...]:
    return tuple(word for node in nodes if node.name in ("servername", "serveralias") for word in node.words)


def _main(root: Node) -> list[Node]:
    """What holds for the main server: all but what stands in virtual hosts."""
    return [node for child in root.children if child.name != "<virtualhost" for node in child.walk()]


def _of_scope(root: Node, host: Node | None, nodes: list[Node], path: str | None) -> Iterator[Application]:
    names = _names(nodes) if host else ()
    known = {node.words[1] for node in nodes if node.name == "wsgiscriptalias" and len(node.words) > 1}
    for node in nodes:
        if node.name in ("wsgiscriptalias", "wsgiscriptaliasmatch"):
            given = [*node.words, "", ""]
            script = _script(node, given[1], known)
            if chosen := _chosen(node, given[0], script, path):
                yield Application(node, host, names, *chosen, is_example=chosen[1] != script)
            else:
                yield Application(node, host, names, _url(node, given[0]), script)
    for node, url, script in _by_handler(root, nodes):
        if chosen := _chosen(node, url, script, path):
            yield Application(node, host, names, *chosen, by_handler=True, is_example=True)
        else:
            yield Application(node, host, names, url.rstrip("/"), script, by_handler=True)
    for node, chosen in in_folders(root, nodes, handlers(root), path):
        yield Application(node, host, names, *chosen, by_handler=True, is_example=True)


def _chosen(alias: Node, url: str, script: str, path: str | None) -> Chosen | None:
    """An example, where the URL chooses the script, or a pattern takes none that begins as it does."""
    if alias.name in PATTERNS:
        begins_so = not BY_URL.search(script) and takes(url, _url(alias, url))
        return None if begins_so else example(url, script, path)
    return in_folder(url, script, path) if alias.name == "wsgiscriptalias" and script.endswith("/") else None


def _url(alias: Node, given: str) -> str:
    literal = LITERAL.match(ANYTHING.sub("", given, count=1)) if alias.name == "wsgiscriptaliasmatch" else None
    return (literal[1].replace("\\.", ".") if literal else given).rstrip("/")


def _script(alias: Node, given: str, known: Collection[str]) -> str:
    """The script of an alias, behind which a pattern may put a path; ``known`` are those of other aliases."""
    with_rest = WITH_REST.fullmatch(given) if alias.name == "wsgiscriptaliasmatch" else None
    if with_rest and (with_rest[1] in known or LIKE_A_SCRIPT.fullmatch(with_rest[1])):
        return with_rest[1]
    return given


def handlers(root: Node) -> list[Node]:
    """The directives that have a file run by mod_wsgi without an alias of its own."""
    names = {SCRIPT_HANDLER, *(node.words[0] for node in root.walk() if node.name == "wsgihandlerscript")}
    setting = ("sethandler", "addhandler", "forcetype", "addtype", "wsgihandlerscript")
    return [node for node in root.walk() if node.name in setting and names & set(node.words[:1])]


def _by_handler(root: Node, nodes: list[Node]) -> Iterator[tuple[Node, str, str]]:
    """Directive, URL and script of what a handler runs: a file behind an alias, or a WSGIHandlerScript."""
    used = handlers(root)
    if not used:
        return
    folders = {node.words[0].rstrip("/") for node in root.walk() if node.name == "<directory" and node.words}
    files = ("alias", "scriptalias", *PATTERNS[1:])
    for node in nodes:
        if node.name in files and len(node.words) == 2 and node.words[1] not in folders:
            yield node, node.words[0], node.words[1]
        elif node.name == "<location" and node.words:
            within = [each for each in node.own("alias") + node.own("scriptalias") if len(each.words) == 1]
            for each in within:
                yield each, node.words[0], each.words[0]
            names = {each.words[0] for each in node.own("sethandler") if each.words}
            for each in used:
                if each.name == "wsgihandlerscript" and each.words[0] in names:
                    yield each, node.words[0], each.words[1]
    for node in nodes:
        if node.name == "wsgihandlerscript" and len(node.words) > 1:
            yield node, "", node.words[1]
