"""A candidate as a cell: what the engine, the record, the verdict and the report take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heartbed.applications.requests import Requests
from heartbed.candidates import inside
from heartbed.candidates.adapted import COPY
from heartbed.candidates.own import FRONT, OwnApplication
from heartbed.candidates.variables import OWN, is_the_users
from heartbed.candidates.wishes import Wishes
from heartbed.cells import axes
from heartbed.cells.app import APP
from heartbed.cells.cell import Cell
from heartbed.cells.models import PTHREAD, THREAD
from heartbed.cells.recycling import NEVER, Recycling

PLACEHOLDER = Path(inside.__file__).with_name("placeholder")
"""An empty file: where it is seen, its folder exists."""


def placeholders(folders: Iterable[str]) -> tuple[tuple[Path, str], ...]:
    """What must be mounted so that these folders exist in a container."""
    return tuple((PLACEHOLDER, f"{folder}/.heartbed") for folder in dict.fromkeys(folders))


@dataclass(frozen=True)
class Candidate(Cell):
    """A configuration that a user brings, or one that differs from it by one change.

    The fields of ``Cell`` say what its server makes of it. ``folder`` is on this
    machine and holds, for each candidate, ``<label>/`` with a main file that
    includes the copy of the user's files. ``script`` is where the configuration expects its WSGI
    script, ``mount`` the part of the URL in front of the application's paths.
    ``settings`` are variables of the environment: oslo.config's options beside
    those of the testbed, and what the server is started with. ``main`` is the name of the main file.
    """

    label: str = ""
    folder: Path = Path()
    script: str = ""
    mount: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    thread_is_left: bool = False
    """Whether nobody sets ``heartbeat_in_pthread``: ``thread`` is then the library's default."""
    own: OwnApplication | None = None
    main: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """What each request says besides, such as a load balancer does."""
    whole_urls: bool = False
    """Whether its server tells it whole URLs only, not which part of one is the mount and which the path."""
    has_root: bool = True
    """Whether its application answers at its root, where the server may have something else."""
    folders: tuple[str, ...] = ()
    """Folders that its server wants to exist."""
    recycles: Recycling = NEVER
    """What its own configuration says of when a process is replaced."""

    @property
    def name(self) -> str:
        """What it is called: the user's file, and the change."""
        return self.label

    @property
    def place(self) -> str:
        """The main file that its server is started on, in the container."""
        return f"{COPY}/{self.label}/{self.main}"

    @property
    def url_path(self) -> str:
        """What stands in front of the application's own paths."""
        return self.mount

    @property
    def left_to_library(self) -> tuple[str, ...]:
        """What the user does not say is not said here either."""
        return ("thread",) if self.thread_is_left and self.model != "native" else ()

    @property
    def purposes(self) -> tuple[str, ...]:
        """A user's own application opens what it opens."""
        return () if self.own else super().purposes

    @property
    def mounts(self) -> list[tuple[Path, str]]:
        """What of this machine is seen in the container, and where: the script above all."""
        there = placeholders(self.folders)
        if self.own is None:
            return [*there, (self.application.script, self.script)]
        return [*there, (FRONT, self.script), *self.own.mounts]

    @property
    def switches(self) -> dict[str, str]:
        """What the environment says of the execution model, and the user's own options."""
        found = {**dict(self.settings), **self.environment(application=True)}
        mounted = {"HEARTBED_MOUNT": self.mount} if self.whole_urls else {}
        return found | mounted | (self.own.variables if self.own else {})

    def environment(self, *, application: bool) -> dict[str, str]:
        """The cell's; a heartbeat thread that was asked for is, whatever a user's own application makes of itself."""
        found = super().environment(application=application)
        said = application and self.own and THREAD.name in self.factors
        return {**found, **(THREAD.carried_by(self.thread) if said else {})}

    @property
    def requests(self) -> Requests:
        """A user's own application is asked for what the user says."""
        found = self.own.requests if self.own else super().requests
        if not self.has_root and self.own is None:
            found = replace(found, ready=found.facts, page=found.facts)
        return found.saying(self.headers)

    @property
    def wants_broker(self) -> bool:
        """A user's own application may connect when it is loaded."""
        return self.own is not None

    @property
    def recycling(self) -> Recycling | None:
        """As its configuration has it: nothing is asked of it besides."""
        return self.recycles

    @property
    def start_deadline_s(self) -> float:
        """A real service imports for half a minute on a busy machine, and may have something to prepare."""
        return 300.0 if self.own else super().start_deadline_s

    @property
    def factors(self) -> dict[str, str]:
        """The cell's; what a user's own application makes of itself is observed, and not asked for."""
        found = super().factors
        if self.own is None:
            return found
        unasked = {THREAD.name, APP.name, *(each.word for each in axes.TABLE.libraries)}
        held = {axis: factor for axis, factor in found.items() if factor and axis not in unasked}
        asked = self.model != "native" and not self.thread_is_left
        return held | ({THREAD.name: self.thread} if asked else {})

    @property
    def packages(self) -> dict[str, str]:
        """Likewise the versions of its libraries."""
        return {} if self.own else super().packages


OWN_VARIABLES = ("OS_", OWN)
"""What the names of variables begin with that the testbed sets itself, from what it takes of the user's."""


def fields(wishes: Wishes, label: str, folder: Path, started_with: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the user's wishes say of a candidate, whatever its server: fields of ``Candidate``.

    ``started_with`` are the variables in its server's environment.
    """
    own = {
        name: value for name, value in (started_with or {}).items() if not name.startswith("OS_") and is_the_users(name)
    }
    taken = {name: value for name, value in wishes.taken.environment.items() if name != PTHREAD}
    return {
        "model": wishes.runs,
        "thread": wishes.thread(wishes.cell.oslo) if wishes.runs != "native" else "green",
        "thread_is_left": wishes.pthread_said is None,
        "oslo": wishes.cell.oslo,
        "libraries": wishes.cell.libraries,
        "release": wishes.cell.release,
        "app": wishes.app,
        "python": wishes.cell.python,
        "patched": wishes.patched,
        "named": wishes.cell.named,
        "heartbeat_s": 0 if wishes.switched_off else None,
        "label": label,
        "folder": folder,
        "own": wishes.own,
        "settings": tuple(sorted((own | taken).items())),
    }
