"""What a configuration is, in the words of cells: read from the tree that httpd has in force."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heartbed.candidates.values import leading_number
from heartbed.errors import InputError
from heartbed.servers.httpd.dump import Node

DAEMON_THREADS = 15
"""mod_wsgi's own default for ``threads`` of a WSGIDaemonProcess."""

THREADS_PER_CHILD = 25
"""httpd's own default for ThreadsPerChild."""


LITERAL = re.compile(r"\^?((?:(?:[\w/~%-]|\\\.|\.(?![*+?{]))(?![*+?{]))*)")
"""What a regular expression for URLs begins with that stands for itself; a dot is taken for a dot."""


@dataclass(frozen=True)
class Application:
    """A WSGI application that the configuration runs: the alias, and the virtual host around it if there is one."""

    alias: Node
    host: Node | None
    names: tuple[str, ...]

    @property
    def mount(self) -> str:
        """The part of the URL in front of the application's own paths; empty at the root."""
        given = self.alias.words[0] if self.alias.words else ""
        literal = LITERAL.match(given) if self.is_pattern else None
        return (literal[1].replace("\\.", ".") if literal else given).rstrip("/")

    @property
    def is_pattern(self) -> bool:
        """Whether a regular expression says which URLs it answers."""
        return self.alias.name == "wsgiscriptaliasmatch"

    @property
    def script(self) -> str:
        """Path of the script, as the configuration has it."""
        return self.alias.words[1] if len(self.alias.words) > 1 else ""

    @property
    def told(self) -> str:
        """How a user recognises it: the virtual host's address and name."""
        address = self.host.arguments if self.host else "the main server"
        return f"{address} ({', '.join(self.names)})" if self.names else address


@dataclass(frozen=True)
class Shape:
    """A configuration in the words of cells, and where the decisive lines are (nodes of httpd's tree).

    ``group`` is the process group, empty when embedded.
    """

    mpm: str
    mode: str
    processes: int
    threads: int
    application: Application
    group: str
    daemon: Node | None
    group_lines: tuple[Node, ...]
    restrict_embedded: Node | None


def applications(root: Node) -> list[Application]:
    """Every WSGIScriptAlias that is in force, in order."""
    found = [Application(alias, None, ()) for alias in _aliases(root, deep=False)]
    for host in root.own("<virtualhost"):
        names = [word for node in host.children if node.name in ("servername", "serveralias") for word in node.words]
        found += [Application(alias, host, tuple(names)) for alias in _aliases(host, deep=True)]
    return found


def _aliases(scope: Node, *, deep: bool) -> Iterator[Node]:
    for node in scope.walk() if deep else scope.children:
        if node.name in ("wsgiscriptalias", "wsgiscriptaliasmatch"):
            yield node


def choose(found: Sequence[Application], wanted: str | None, shown: str) -> Application:
    """The application to check: in the virtual host that is wanted, or the only one. Raises ``InputError``."""
    hosts = {id(each.host): each for each in reversed(found)}
    if not found:
        raise InputError(
            f"{shown} runs no Python application: there is no WSGIScriptAlias in force",
            hint="is it in an <IfModule> or <IfDefine> that does not hold here, or in a file that was not included?",
        )
    if wanted is not None:
        matching = [each for each in hosts.values() if _is(each, wanted)]
        if not matching:
            raise InputError(
                f"{shown} has no virtual host {wanted!r} with a WSGI application",
                hint="there are: " + "; ".join(each.told for each in reversed(hosts.values())),
            )
        return next(each for each in found if each.host is matching[0].host)
    if len(hosts) > 1:
        raise InputError(
            f"{shown} has {len(hosts)} virtual hosts with WSGI applications: --vhost NAME (or PORT) chooses",
            hint="there are: " + "; ".join(each.told for each in reversed(hosts.values())),
        )
    return found[0]


def _is(application: Application, wanted: str) -> bool:
    host = application.host
    if host is None:
        return wanted in ("main", "_default_")
    ports = {address.rpartition(":")[2] for address in host.words}
    return wanted in application.names or wanted in host.words or wanted.removeprefix("*:") in ports


def shape(root: Node, application: Application, mpm: str) -> Shape:
    """What the configuration makes of that application. Raises ``MisplacedError`` for what cannot work."""
    lines = [node for scope in scopes(root, application) for node in scope.own("wsgiprocessgroup")]
    group = lines[-1].words[0] if lines and lines[-1].words else ""
    for word in application.alias.words[2:]:
        name, _, value = word.partition("=")
        if name.lower() == "process-group":
            group, lines = value, [*lines, application.alias]
    daemons = {node.words[0]: node for node in root.walk() if node.name == "wsgidaemonprocess" and node.words}
    restrict = [node for node in root.own("wsgirestrictembedded") if node.arguments.lower() == "on"]
    per_child = _number(root.own("threadsperchild"), THREADS_PER_CHILD)
    if group in ("", "%{GLOBAL}"):
        if restrict:
            raise MisplacedError("WSGIRestrictEmbedded is On, but no WSGIProcessGroup is in force here", restrict[-1])
        threads = 1 if mpm == "prefork" else per_child
        return Shape(mpm, "embedded", 1, threads, application, "", None, tuple(lines), None)
    if group not in daemons:
        known = ", ".join(sorted(daemons)) or "none"
        raise MisplacedError(f"no WSGIDaemonProcess is called {group!r} (there are: {known})", lines[-1])
    options = dict(word.lower().partition("=")[::2] for word in daemons[group].words[1:])
    return Shape(
        mpm=mpm,
        mode="daemon",
        processes=_option(options, "processes", 1),
        threads=_option(options, "threads", DAEMON_THREADS),
        application=application,
        group=group,
        daemon=daemons[group],
        group_lines=tuple(lines),
        restrict_embedded=restrict[-1] if restrict else None,
    )


class MisplacedError(Exception):
    """Something in the tree that cannot work, and the node that says it."""

    def __init__(self, message: str, node: Node) -> None:
        super().__init__(message)
        self.message, self.node = message, node


def _option(options: dict[str, str], name: str, default: int) -> int:
    return leading_number(options.get(name, "")) or default


def _number(nodes: Sequence[Node], default: int) -> int:
    return (leading_number(nodes[-1].arguments) if nodes else None) or default


def scopes(root: Node, application: Application | None) -> list[Node]:
    """The sections that hold for the application, in the order in which httpd merges them."""
    if application is None:
        return [root]
    hosts = [root, *([application.host] if application.host else [])]
    found = list(hosts)
    for name in ("<directory", "<files", "<location"):
        for host in hosts:
            found += [node for node in host.walk() if node.name == name and _holds(node, application)]
    return found


def _holds(section: Node, application: Application) -> bool:
    wanted = section.words[0].rstrip("/") if section.words else ""
    if section.name == "<directory":
        return application.script.startswith(f"{wanted}/")
    if section.name == "<location":
        return f"{application.mount}/".startswith(f"{wanted}/")
    return wanted == os.path.basename(application.script)  # noqa: PTH119  a path in a container
