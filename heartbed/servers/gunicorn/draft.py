"""A user's configuration of gunicorn: drafted, and accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from heartbed.candidates.prepared import Draft, Prepared
from heartbed.cells.cell import Cell
from heartbed.cells.loops import LAST_WITH_EVENTLET
from heartbed.servers.gunicorn.adapt import GunicornAdapted
from heartbed.servers.gunicorn.conf import Patch
from heartbed.servers.gunicorn.settings import Settings
from heartbed.servers.gunicorn.shape import FACTORS, Shape
from heartbed.wording import count

TELLING = (
    *("workers", "worker_class", "threads", "worker_connections", "preload_app", "timeout", "graceful_timeout"),
    *("keepalive", "max_requests", "max_requests_jitter", "reuse_port", "backlog", "sendfile"),
)
"""Settings that bear on processes, threads and connections."""


@dataclass(frozen=True)
class GunicornDraft(Draft):
    """A configuration of gunicorn's; ``variables`` are those that it sets, known once gunicorn has read it.

    ``absent`` says what it imports that is not in the testbed, in words.
    """

    adapted: GunicornAdapted
    variables: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    patching: str = ""
    """The library of green threads that its workers may be on."""
    patches: tuple[Patch, ...] = ()
    """Where the file itself patches the process."""

    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        found = replace(self.wishes.cell, server="gunicorn", mode="", options=tuple(filter(None, [self.workers])))
        if not self.patching and any(each.library == "gevent" for each in self.patches):
            found = replace(found, model="gevent")
        return found.with_version("gunicorn", LAST_WITH_EVENTLET) if self.patching == "eventlet" else found

    @property
    def workers(self) -> str:
        """The factor of such workers."""
        return FACTORS[self.patching] if self.patching else ""


@dataclass(frozen=True)
class GunicornPrepared(Prepared[Shape]):
    """A candidate that gunicorn accepts. ``own`` are the settings in force of the user's file as it is."""

    draft: GunicornDraft
    own_settings: Settings
    ignored: tuple[str, ...]

    @property
    def oddities(self) -> tuple[str, ...]:
        """Names that gunicorn ignores in silence."""
        return self.ignored

    @property
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words."""
        found = self.shape
        loaded = "loaded once, before forking" if found.preload else "loaded by each worker"
        words = (
            count(found.processes, "process", "es"),
            f"{count(found.threads, 'thread')} each",
            f"{found.worker_class} workers",
        )
        application = self.own_settings.values.get("wsgi_app") or "the application of gunicorn's command line"
        return {"gunicorn": ", ".join((*words, loaded)), "answers": f"/ -> {application}"}

    @property
    def settings(self) -> Mapping[str, str]:
        """The telling settings in force, with the number of processes as the user's file has it."""
        told = self.own_settings
        return {name: str(told.values[name]) for name in TELLING if name in told.other and name in told.values}
