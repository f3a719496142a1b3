"""A user's configuration of httpd that httpd accepts, and what it is in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heartbed.candidates.prepared import Prepared
from heartbed.candidates.source import SourceFile
from heartbed.servers.httpd import dump, seen
from heartbed.servers.httpd.draft import HttpdDraft
from heartbed.servers.httpd.lines import Directive, expand
from heartbed.servers.httpd.place import files, place
from heartbed.servers.httpd.shape import Shape
from heartbed.servers.httpd.source import HttpdSource
from heartbed.wording import count


@dataclass(frozen=True)
class HttpdPrepared(Prepared[Shape]):
    """A candidate that httpd accepts. ``root`` is the configuration that it has in force."""

    draft: HttpdDraft
    root: dump.Node

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
            "answers": f"{found.application.told}, {own.mount or '/'} -> {own.script}",
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling directives in force, with the number of processes as the user's file has it."""
        daemon = self.place(self.shape.daemon) if self.shape.daemon else None
        words = [expand(word, self.source.variables) for word in daemon[1].words] if daemon else []
        asked = dict(word.partition("=")[::2] for word in words)
        found = {"processes": asked["processes"]} if "processes" in asked else {}
        own = f"{files(self.label)}/"
        return found | seen.settings(self.root, self.shape.application, own) | seen.daemon_options(words)
