"""What a user says beside the file, and what is assumed where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.candidates.oslo_config import OsloConfig
from heartbed.cells.axes import DEFAULT_OSLO
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select


@dataclass(frozen=True)
class OwnApplication:
    """A user's own WSGI script, the request that makes it use the broker, and a folder of packages for it."""

    script: Path
    opening: str = "GET /"
    packages: Path | None = None


NATIVE_BY_DEFAULT = ("2026.1", "2026.2")
"""Releases whose nova runs on native threads unless told otherwise: nova 33 and later."""


@dataclass(frozen=True)
class Wishes:
    """What the user says beside the file; None where it is left to Heartbed, which then says what it assumes."""

    model: str | None = None
    release: str | None = None
    """An OpenStack release, which stands for a set of versions."""
    pthread: bool | None = None
    oslo: str | None = None
    mpm: str | None = None
    vhost: str | None = None
    root: Path | None = None
    heartbeat_s: int = 2
    options: Mapping[str, str] = field(default_factory=dict)
    """oslo.config's options from the user's nova.conf, as variables of the environment."""
    switched_off: bool = False
    """Whether that nova.conf switches heartbeats off."""
    oslo_config: OsloConfig | None = None
    own: OwnApplication | None = None
    requirements: Path | None = None
    notes: tuple[str, ...] = ()
    """What is to be said of that nova.conf."""

    @property
    def runs(self) -> str:
        """The execution model: nova's own default in that release where the user says nothing."""
        return self.model or ("native" if self.release in NATIVE_BY_DEFAULT else "eventlet")

    @property
    def cell(self) -> Cell:
        """A cell with the versions that are wished for."""
        named = [self.release or "", f"oslo{self.oslo}" if self.oslo else ""]
        (found,) = select(["-".join(filter(None, ["prefork", *named]))]).cells
        return found


def assumptions(wishes: Wishes) -> list[str]:
    """What is assumed of the application, in words."""
    found = []
    if wishes.model is None and wishes.runs == "native":
        found.append(f"native threads, nova's default in {wishes.release} (--model eventlet says otherwise)")
    elif wishes.model is None:
        found.append("execution model eventlet, as nova up to 2025.2 (--model native for later ones)")
    if wishes.release:
        found += [told] if (told := wishes.cell.stands_in) else []
    elif wishes.oslo is None:
        found.append(f"oslo.messaging {DEFAULT_OSLO}, the last series with heartbeat_in_pthread (--oslo VERSION)")
    if wishes.pthread is None and wishes.runs != "native" and not _has_pthread(wishes):
        found.append("heartbeat_in_pthread = false, the library's default (--pthread, or --oslo-config nova.conf)")
    if not wishes.switched_off:
        found.append(
            f"a heartbeat timeout of {wishes.heartbeat_s} s, so that the answer comes soon; "
            "oslo.messaging's default is 60 (--heartbeat)"
        )
    found += wishes.notes
    if wishes.own is None:
        found.append("Heartbed's own nova-api-like application where the script would be (--app)")
    elif wishes.own.opening == "GET /":
        found.append("GET / makes your application use the broker (--open)")
    return found


SWITCH = "OS_NOVA_DISABLE_EVENTLET_PATCHING"
"""nova's own variable for the execution model."""

PTHREAD = "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"


def _has_pthread(wishes: Wishes) -> bool:
    return PTHREAD in wishes.options
