"""A candidate as a cell: what the engine, the record, the verdict and the report take."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heartbed.cell import Cell
from heartbed.settings import ROOT

SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"


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
    def script_mount(self) -> tuple[Path, str]:
        """Heartbed's script, and where the configuration expects one."""
        return ROOT / "wsgi_app" / "wsgi.py", self.script

    @property
    def switches(self) -> dict[str, str]:
        """What the environment says of the execution model, and the user's own options."""
        native = {SWITCH: "true"} if self.model == "native" else {}
        return dict(self.environment) | native
