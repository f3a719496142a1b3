"""What is installed over the application's own requirements for a cell's versions."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import InputError
from heartbed.places import ROOT
from heartbed.versions.index import Index, Pin
from heartbed.versions.pythons import PYTHON
from heartbed.versions.releases import number

MILESTONES_FILE = ROOT / "wsgi_app" / "requirements-oslo.messaging.lock"
SOURCE_ONLY = ("mod_wsgi",)
"""Packages that have no wheel: compiled for the httpd and the Python of the image."""

OLDEST_AMQP = "5.0.0"
"""Older ones go with older vines than every image has, and these with no Python since 3.11."""


def releases_file(python: str) -> Path:
    """The lock file with what the OpenStack releases run on this Python."""
    suffix = "" if python == PYTHON else f"-python{python}"
    return ROOT / "wsgi_app" / f"requirements-releases{suffix}.lock"


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


def locked(file: Path) -> dict[tuple[str, str], Pin]:
    """What a lock file has, by package and version, in its order."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        name, *hashes = line.split(" --hash=sha256:")
        package, _, version = name.partition("==")
        if hashes:
            found[package, version] = Pin(package, version, *(each.strip() for each in hashes))
    return found


def milestones() -> dict[str, Pin]:
    """The releases of oslo.messaging that are locked and tested here, the oldest first."""
    return {version: pin for (_, version), pin in locked(MILESTONES_FILE).items()}


def lock(packages: Mapping[str, str], index: Index) -> Lock:
    """What these versions come to, on the Python of the index: package -> version.

    Raises ``InputError`` for one that cannot be had or run, ``TestbedError`` when the index of packages is silent.
    """
    # Whether a milestone runs on another Python, only the index can say.
    known = {**locked(releases_file(index.python)), **(locked(MILESTONES_FILE) if index.python == PYTHON else {})}
    _refuse_amqp(packages, index.python)

    def pin(item: tuple[str, str]) -> Pin:
        package, version = item
        if item in known:
            return known[item]
        return index.source(package, version) if package in SOURCE_ONLY else index.pin(package, version)

    with ThreadPoolExecutor(max_workers=4) as pool:
        return Lock(tuple(pool.map(pin, packages.items())))


def _refuse_amqp(packages: Mapping[str, str], python: str) -> None:
    version = packages.get("amqp", OLDEST_AMQP)
    old_vine = number(packages.get("vine", OLDEST_AMQP)) < number(OLDEST_AMQP)
    if number(version) >= number(OLDEST_AMQP) or (old_vine and number(python) < (3, 11)):
        return
    raise InputError(
        f"amqp {version} does not run on Python {python}: it needs vine below 5, which "
        + (
            "imports what Python 3.11 has removed (inspect.formatargspec)"
            if number(python) >= (3, 11)
            else "is not here"
        ),
        hint="amqp5.1.0 is the oldest that goes with the kombu that every image has unless another is named",
    )
