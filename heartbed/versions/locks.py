"""What is installed over the application's own requirements for a cell's versions."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from heartbed.axes import library
from heartbed.cell import Cell
from heartbed.settings import ROOT
from heartbed.versions.index import Index, Pin

MILESTONES_FILE = ROOT / "wsgi_app" / "requirements-oslo.messaging.lock"
SOURCE_ONLY = ("mod_wsgi",)
"""Words of the libraries that have no wheel: compiled for the httpd and the Python of the image."""


@dataclass(frozen=True)
class Lock:
    """The releases that an image has in the place of its defaults, and always its oslo.messaging."""

    pins: tuple[Pin, ...]

    @property
    def wheels(self) -> tuple[Pin, ...]:
        """Those that are installed as wheels."""
        return tuple(pin for pin in self.pins if pin.package not in SOURCE_ONLY)

    @property
    def text(self) -> str:
        """As a file of pip's requirements."""
        head = "# Installed without dependencies over wsgi_app/requirements.lock.\n"
        return head + "".join(f"{pin.line}\n" for pin in self.pins)


def milestones(file: Path = MILESTONES_FILE) -> dict[str, Pin]:
    """The releases of oslo.messaging that are locked and tested here, the oldest first."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, sha256 = line.partition(" --hash=sha256:")
        package, _, version = name.partition("==")
        if sha256 and package == "oslo.messaging":
            found[version] = Pin(package, version, sha256.strip())
    return found


def lock(cell: Cell, index: Index) -> Lock:
    """What this cell's versions come to. Raises ``InputError`` for one that cannot be had, ``TestbedError``."""
    known = milestones()
    wanted = {"oslo": cell.oslo, **dict(cell.versions)}

    def pin(item: tuple[str, str]) -> Pin:
        word, version = item
        if word == "oslo" and version in known:
            return known[version]
        package = library(word).package
        return index.source(package, version) if word in SOURCE_ONLY else index.pin(package, version)

    with ThreadPoolExecutor(max_workers=4) as pool:
        return Lock(tuple(pool.map(pin, wanted.items())))
