"""A user's configuration of uWSGI with what is replaced in the copy of it."""

from __future__ import annotations

from dataclasses import dataclass

from heartbed.candidates.adapted import Adapted, Replacement
from heartbed.servers.uwsgi import rules
from heartbed.servers.uwsgi.application import Application, Place
from heartbed.servers.uwsgi.source import UwsgiSource


@dataclass(kw_only=True)
class UwsgiAdapted(Adapted):
    """A configuration of uWSGI's made ready for the testbed. ``front`` is the factor of that name."""

    source: UwsgiSource
    application: Application
    beside: tuple[str, ...] = ()
    """Where it mounts others."""
    front: str = "direct"
    needs_master: str = ""
    """An option that is dropped, and for which uWSGI would have started its master."""
    gevents: bool = False
    """Whether it may run in gevent's loop: uWSGI says whether it does."""
    speaks: str = ""
    """The option by which it is asked, as the user has it; empty where the file has none."""

    @property
    def has_others(self) -> bool:
        """Whether the file has addresses at which the testbed cannot ask."""
        return any(option.key in rules.OTHER_SOCKETS for _, option in self.source.all())

    def put(self, place: Place, text: str | None, reason: str) -> None:
        """Have a line of the user's read otherwise, or not at all."""
        file, option = place
        was = file.lines[option.line - 1].strip()
        if text != was:
            self.add(Replacement(file.inside, option.line, option.line, text, reason, was))
