"""What a configuration is, in the words of cells: what httpd has in force, and the lines that decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.candidates.values import MOST_PROCESSES, leading_number
from heartbed.cells.recycling import Recycling
from heartbed.servers.httpd.applications import Application
from heartbed.servers.httpd.dump import Node
from heartbed.servers.httpd.inquiry import InForce
from heartbed.servers.httpd.lines import options

DAEMON_THREADS = 15
"""mod_wsgi's own default for ``threads`` of a WSGIDaemonProcess."""

THREADS_PER_CHILD = 25
"""httpd's own default for ThreadsPerChild."""


@dataclass(frozen=True)
class Shape:
    """A configuration in the words of cells, and where the decisive lines are (nodes of httpd's tree).

    ``group`` is the process group, empty when embedded; ``unused`` a group that
    is defined and that nothing runs in.
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
    unused: Node | None = None


def shape(root: Node, application: Application, mpm: str, found: InForce, used: Sequence[str] = ()) -> Shape:
    """What the configuration makes of that application. ``used`` are the process groups that something runs in."""
    scope = in_scope(root, application)
    daemons = {node.words[0]: node for node in scope if node.name == "wsgidaemonprocess" and node.words}
    unused = [node for name, node in daemons.items() if name not in (*used, found.group)]
    restrict = [node for node in root.own("wsgirestrictembedded") if node.arguments.lower() == "on"]
    lines = [node for node in scope if node.name == "wsgiprocessgroup"]
    if any(option.name == "process-group" for option in options(application.alias.arguments)):
        lines.append(application.alias)
    daemon = daemons.get(found.group)
    return Shape(
        mpm=mpm,
        mode="daemon" if found.group else "embedded",
        processes=found.processes if found.group else min(children(root) or 1, MOST_PROCESSES),
        threads=found.threads,
        application=application,
        group=found.group,
        daemon=daemon,
        group_lines=tuple(lines),
        restrict_embedded=restrict[-1] if restrict and found.group else None,
        unused=unused[0] if unused else None,
    )


def children(root: Node) -> int | None:
    """How many children httpd is told to start with; None where it is left to its default."""
    found = root.own("startservers")
    return leading_number(found[-1].arguments) if found else None


def recycling(root: Node, made: Shape) -> Recycling:
    """After how many requests a process is replaced: daemon processes have a limit of their own, not the MPM's."""
    if made.mode == "daemon":
        given = {option.name: option.value for option in options(made.daemon.arguments)} if made.daemon else {}
        return Recycling(leading_number(given.get("maximum-requests", "")) or 0, "maximum-requests")
    # Two names of one setting, the last line of which holds.
    found = [node for node in root.children if node.name in ("maxrequestsperchild", "maxconnectionsperchild")]
    return Recycling((leading_number(found[-1].arguments) if found else None) or 0, "MaxConnectionsPerChild")


def in_scope(root: Node, application: Application | None) -> list[Node]:
    """All that stands in the main server and in the application's virtual host, not in other hosts."""
    host = application.host if application else None
    return [node for child in root.children if child.name != "<virtualhost" or child is host for node in child.walk()]


def names_group(node: Node, group: str) -> bool:
    """Whether a directive has something run in that process group, or may: what a variable holds is not known here."""
    if node.name == "wsgiprocessgroup":
        return node.words[:1] == [group] or any("%{" in word and word != "%{GLOBAL}" for word in node.words[:1])
    return any(option.name == "process-group" and option.value == group for option in options(node.arguments))


def size_of(daemon: Node) -> tuple[int, int]:
    """Processes and threads of a daemon process group that nothing runs in, so that nobody can be asked."""
    given = {option.name: option.value for option in options(daemon.arguments)}
    return (
        leading_number(given.get("processes", "")) or 1,
        leading_number(given.get("threads", "")) or DAEMON_THREADS,
    )
