"""A user's configuration of uWSGI that uWSGI accepts, and what it is in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from heartbed.candidates.prepared import Prepared
from heartbed.candidates.values import leading_number
from heartbed.servers.uwsgi.candidate import UwsgiCandidate
from heartbed.servers.uwsgi.draft import UwsgiDraft
from heartbed.servers.uwsgi.ini import Option, expanded
from heartbed.servers.uwsgi.rules import PROCESSES
from heartbed.servers.uwsgi.shape import Shape, settings
from heartbed.servers.uwsgi.source import UwsgiSource
from heartbed.wording import count


@dataclass(frozen=True)
class UwsgiPrepared(Prepared[Shape]):
    """A candidate that uWSGI accepts. ``options`` are those that it has in force."""

    draft: UwsgiDraft
    candidate: UwsgiCandidate
    options: tuple[Option, ...]
    ignored: tuple[str, ...]
    asked: Option | None
    """The number of processes in force before it was lowered here; None where the file has none."""

    @property
    def source(self) -> UwsgiSource:
        """The user's files."""
        return self.draft.source

    @property
    def oddities(self) -> tuple[str, ...]:
        """Options that uWSGI ignores in silence."""
        return self.ignored

    @property
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words."""
        found, adapted = self.shape, self.draft.adapted
        words = [count(found.processes, "process", "es"), f"{count(found.threads, 'thread')} each"]
        words += [
            "master" if found.master else "no master",
            "lazy-apps" if found.lazy else "loaded once, before forking",
        ]
        words += ["in gevent's loop"] if found.gevents else []
        speaks = {"proxied": "the uwsgi protocol, behind httpd with mod_proxy_uwsgi"}
        option = f" ({adapted.speaks})" if adapted.speaks else ""
        mount = self.candidate.mount or "/"
        return {
            "uWSGI": ", ".join(words),
            "speaks": speaks.get(adapted.front, "HTTP") + option,
            "answers": f"{mount} -> {expanded(adapted.application.named, [o for _, o in self.source.all()])}",
        }

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling options in force, with the number of processes as the user's file has it."""
        written = [option.value for _, option in self.source.all() if option.key in PROCESSES]
        if not written or self.asked is None:
            return settings(self.options)
        return settings(self.options) | {"processes": written[-1] if leading_number(written[-1]) else self.asked.value}
