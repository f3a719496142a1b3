"""A user's configuration of uWSGI as a cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heartbed.candidates.subject import Candidate
from heartbed.cells.axis import Axis
from heartbed.places import APP_DIRECTORY, ROOT


@dataclass(frozen=True)
class UwsgiCandidate(Candidate):
    """A configuration of uWSGI's. ``loading`` is the factor of that name, empty where processes differ in it."""

    loading: str = "lazy"

    def factor(self, axis: Axis) -> str:
        """The cell's, without what cannot be said of all of its processes."""
        return super().factor(axis) if axis.name != "loading" or self.loading else ""

    @property
    def mounts(self) -> list[tuple[Path, str]]:
        """Also the configuration of the httpd in front."""
        return [*super().mounts, (ROOT / "uwsgi_conf", f"{APP_DIRECTORY}/uwsgi_conf")]

    @property
    def switches(self) -> dict[str, str]:
        """Also what stands in front, whatever the user has said of it: that is known from the configuration."""
        return super().switches | {"HEARTBED_FRONT": "proxied" if self.has("proxied") else "direct"}
