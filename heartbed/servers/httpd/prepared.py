"""A user's configuration of httpd that httpd accepts, and what it is in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heartbed.candidates.prepared import Prepared
from heartbed.candidates.source import SourceFile
from heartbed.servers.httpd import dump, seen
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.frame import Size
from heartbed.servers.httpd.inquiry import InForce
from heartbed.servers.httpd.lines import Directive, expand, options
from heartbed.servers.httpd.place import files, place
from heartbed.servers.httpd.shape import Shape
from heartbed.servers.httpd.source import HttpdSource
from heartbed.wording import count


@dataclass(frozen=True)
class HttpdPrepared(Prepared[Shape]):
    """A candidate that httpd accepts.

    ``root`` is the configuration that it has, ``in_force`` what that makes of
    the application, and ``found`` what is odd about it, in words.
    """

    draft: HttpdDraft
    root: dump.Node
    in_force: InForce
    found: tuple[str, ...] = ()

    def frame(self, label: str, made: Shape) -> str:
        """The main file of a copy that is run as ``made`` has it."""
        main = bool(self.in_force.interpreter)
        return self.draft.frame(label, made.mpm, size=size(made), main_interpreter=main)

    @property
    def oddities(self) -> tuple[str, ...]:
        """What is odd about the file, in words."""
        return self.found

    @property
    def source(self) -> HttpdSource:
        """The user's files."""
        return self.draft.source

    def place(self, node: dump.Node) -> tuple[SourceFile, Directive] | None:
        """The directive of the user's that a node of httpd's tree comes from."""
        return place(self.draft, node)

    @property
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words."""
        own, found = self.candidate, self.shape
        where = f"daemon process group {found.group}" if found.mode == "daemon" else "embedded in httpd's children"
        size = f"{count(own.process_count, 'process', 'es')}, {count(own.thread_count, 'thread')} each"
        return {
            "MPM": own.server,
            "mod_wsgi": f"{where}: {size}",
            "answers": found.application.label,
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling directives in force, with the number of processes as the user's file has it."""
        daemon = self.place(self.shape.daemon) if self.shape.daemon else None
        given = expand(daemon[1].arguments, self.source.variables_at(*daemon)) if daemon else ""
        asked = {option.name: option.value for option in options(given)}
        found = {"processes": asked["processes"]} if "processes" in asked else {}
        own = f"{files(self.label)}/"
        return found | seen.settings(self.root, self.shape.application, own) | seen.daemon_options(given)


def size(found: Shape) -> Size:
    """The MPM's children: those that run the application, or enough to pass requests on to daemon processes."""
    if found.mode == "embedded":
        return Size(found.processes, found.threads)
    if found.mpm == "prefork":
        return Size(max(2, found.processes * min(found.threads, 4)), 1)
    return Size(1, 25)
