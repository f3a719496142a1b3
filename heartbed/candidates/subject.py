"""A candidate as a cell: what the engine, the record, the verdict and the report take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heartbed.candidates import inside
from heartbed.candidates.adapted import COPY
from heartbed.candidates.wishes import OwnApplication, Wishes
from heartbed.cells.axes import PTHREAD
from heartbed.cells.cell import Cell
from heartbed.places import ROOT

OWN = "/opt/heartbed/own"
PACKAGES = "/opt/heartbed/own-packages"
FRONT = Path(inside.__file__).with_name("own_app.py")


@dataclass(frozen=True)
class Candidate(Cell):
    """A configuration that a user brings, or one that differs from it by one change.

    The fields of ``Cell`` say what its server makes of it. ``folder`` is on this
    machine and holds, for each candidate, ``<label>/`` with a main file that
    includes the copy of the user's files. ``script`` is where the configuration expects its WSGI
    script, ``mount`` the part of the URL in front of the application's paths.
    ``settings`` are oslo.config's options beside those of the testbed, as
    variables of the environment. ``main`` is the name of the main file.
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
        if self.own is None:
            return [(ROOT / "wsgi_app" / "wsgi.py", self.script)]
        found = [(FRONT, self.script), (self.own.script.resolve().parent, OWN)]
        return found + ([(self.own.packages, PACKAGES)] if self.own.packages else [])

    @property
    def switches(self) -> dict[str, str]:
        """What the environment says of the execution model, and the user's own options."""
        found = {**dict(self.settings), **self.environment(application=True)}
        if self.own:
            found |= {"HEARTBED_APP": f"{OWN}/{self.own.script.name}", "HEARTBED_APP_OPEN": self.own.opening}
        if self.own and self.own.packages:
            found["HEARTBED_APP_PACKAGES"] = PACKAGES
        return found


def fields(wishes: Wishes, label: str, folder: Path) -> dict[str, Any]:
    """What the user's wishes say of a candidate, whatever its server: fields of ``Candidate``."""
    return {
        "model": wishes.runs,
        "thread": wishes.thread(wishes.cell.oslo) if wishes.runs != "native" else "green",
        "thread_is_left": wishes.pthread_said is None,
        "oslo": wishes.cell.oslo,
        "libraries": wishes.cell.libraries,
        "release": wishes.cell.release,
        "named": wishes.cell.named,
        "heartbeat_s": 0 if wishes.switched_off else None,
        "label": label,
        "folder": folder,
        "own": wishes.own,
        "settings": tuple(sorted((k, v) for k, v in wishes.taken.environment.items() if k != PTHREAD)),
    }
