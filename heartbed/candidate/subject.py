"""A candidate as a cell: what the engine, the record, the verdict and the report take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heartbed.cell import Cell
from heartbed.settings import ROOT

SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"


OWN = "/opt/heartbed/own"
PACKAGES = "/opt/heartbed/own-packages"
FRONT = Path(__file__).with_name("own_app.py")


@dataclass(frozen=True)
class OwnApplication:
    """A user's own WSGI script, the request that makes it use the broker, and a folder of packages for it."""

    script: Path
    opening: str = "GET /"
    packages: Path | None = None


@dataclass(frozen=True)
class Candidate(Cell):
    """A configuration that a user brings, or one that differs from it by one change.

    The fields of ``Cell`` say what httpd makes of it. ``folder`` is on this
    machine and holds, for each candidate, ``<label>/httpd.conf`` and the copy of
    the user's files. ``script`` is where the configuration expects its WSGI
    script, ``mount`` the part of the URL in front of the application's paths.
    ``environment`` are oslo.config's options beside those of the testbed, as
    variables of the environment.
    """

    label: str = ""
    folder: Path = Path()
    script: str = ""
    mount: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    own: OwnApplication | None = None

    @property
    def name(self) -> str:
        """What it is called: the user's file, and the change."""
        return self.label

    @property
    def family(self) -> str:
        """The module of ``heartbed.servers`` that makes a service of it."""
        return "candidate"

    @property
    def url_path(self) -> str:
        """What stands in front of the application's own paths."""
        return self.mount

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
        found = dict(self.environment)
        if self.model == "native":
            found[SWITCH] = "true"
        if self.own:
            found |= {"HEARTBED_APP": f"{OWN}/{self.own.script.name}", "HEARTBED_APP_OPEN": self.own.opening}
        if self.own and self.own.packages:
            found["HEARTBED_APP_PACKAGES"] = PACKAGES
        return found
