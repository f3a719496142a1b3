"""A part of OpenStack whose real API runs in cells: its series, which of them a factor stands for, its image layer.

All of it is in the project's folder: ``series.toml`` says which series there are, ``locks/`` what is installed for
each, ``image/`` what runs in the containers. What makes all of their images is in ``heartbed/applications/image``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from heartbed.applications.application import Layer
from heartbed.versions.releases import RELEASES

APPLICATIONS = Path(__file__).parent
IMAGE = APPLICATIONS / "image"
"""What makes the image of any of them."""


@dataclass(frozen=True)
class Series:
    """One series of a project, as its ``series.toml`` describes it."""

    project: str
    name: str
    release: str
    patches: bool
    entry: str
    pins: Sequence[str] = ()
    source: Sequence[str] = ()
    constraints: str = ""
    loose: Sequence[str] = ()

    @property
    def factor(self) -> str:
        """As it is called in the name of a cell: ``nova32``."""
        return f"{self.project}{self.name}"

    @property
    def python(self) -> str:
        """The Python that it is locked for, which is that of its release."""
        return RELEASES[self.release].python

    @property
    def lock(self) -> Path:
        """What is installed for it over the libraries of its release."""
        return APPLICATIONS / self.project / "locks" / f"{self.project}-{self.name}.lock"

    @cached_property
    def version(self) -> str:
        """The version of the project that is locked."""
        found = re.search(rf"^{self.project}==(\S+)", self.lock.read_text(encoding="utf-8"), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.lock} has no line for {self.project}")
        return found[1]


def read(project: str, text: str) -> dict[str, Series]:
    """Name -> series, the oldest first."""
    return {name: Series(project, name, **table) for name, table in tomllib.loads(text).items()}


@dataclass(frozen=True)
class Project:
    """A project, by its name, which is that of its folder and of its package on PyPI.

    ``page`` is what its API is asked for while the image is built: it reads the database, and no broker is there.
    """

    name: str
    page: str

    @property
    def folder(self) -> Path:
        """Where all of it is."""
        return APPLICATIONS / self.name

    @property
    def script(self) -> Path:
        """The WSGI script that starts it."""
        return self.folder / "image" / "wsgi.py"

    @cached_property
    def series(self) -> Mapping[str, Series]:
        """Name -> series, the oldest first."""
        return read(self.name, (self.folder / "series.toml").read_text(encoding="utf-8"))

    @property
    def tokens(self) -> dict[str, str]:
        """Factor -> meaning: the project's own name, and each of its series."""
        api = f"the real {self.name}-api"
        return {
            self.name: f"{api}: of the OpenStack release that is named, else the newest",
            **{each.factor: f"{api} {each.version}, of {each.release}" for each in self.series.values()},
        }

    def series_of(self, factor: str, release: str) -> Series | None:
        """The series that a factor stands for: of ``nova`` that of the release, else the newest; None for none."""
        if factor != self.name:
            return next(each for each in self.series.values() if each.factor == factor)
        if not release:
            return max(self.series.values(), key=_age)
        return next((each for each in self.series.values() if each.release == release), None)

    def layer(self, factor: str, release: str) -> Layer | None:
        """The project and what it needs, over the image that has the libraries."""
        series = self.series_of(factor, release)
        if series is None:
            raise ValueError(self.refuses(factor, release))
        arguments = {
            "PROJECT": self.name,
            "VERSION": series.version,
            "LOCK": series.lock.name,
            "ENTRY": series.entry,
            "SOURCE": " ".join(series.source),
            "PAGE": self.page,
        }
        return Layer(
            IMAGE / "Dockerfile",
            (IMAGE, self.folder / "image", series.lock),
            arguments,
            {self.name: series.version},
            series.lock.read_text(encoding="utf-8"),
            context=APPLICATIONS,
            instead="" if release == series.release else self._fits(series),
        )

    def refuses(self, factor: str, release: str) -> str:
        """Why there is none for this release."""
        if self.series_of(factor, release) is not None:
            return ""
        return f"there is no {self.name} of {release} here; {self._runs()}"

    def pythons(self, factor: str, release: str) -> tuple[str, ...]:
        """The Pythons that it is locked for."""
        series = self.series_of(factor, release)
        return (series.python,) if series else ()

    def of_release(self, factor: str, release: str) -> str:
        """The release that it is part of, whatever the release of its libraries."""
        series = self.series_of(factor, release)
        return series.release if series else release

    def lacks(self, token: str) -> str:
        """Why there is no such version of it here."""
        found = re.fullmatch(rf"{self.name}(\d+)(?:\.\d+)*", token)
        if found is None:
            return ""
        if own := self.series.get(found[1]):
            return f"{token}: of {self.name} {found[1]} there is {own.version} here, as {own.factor}"
        return f"{token}: there is no {self.name} {found[1]} here; {self._runs(int(found[1]))}"

    def patches(self, factor: str, release: str) -> bool | None:
        """Whether it patches where its environment does not say."""
        series = self.series_of(factor, release)
        return None if series is None else series.patches

    def _fits(self, series: Series) -> str:
        """Which libraries it was made for."""
        whole = f"{self.name}-{series.release}"
        return f"{series.factor} is part of {series.release}: {whole} in a cell's name has its own libraries"

    def _runs(self, wanted: int = 0) -> str:
        """What does run, the nearest first."""
        every = self.series.values()
        oldest, newest = min(every, key=_age), max(every, key=_age)
        nearest = newest if wanted > int(newest.name) else oldest
        return f"the nearest is {nearest.factor} ({nearest.release}); all: {', '.join(each.factor for each in every)}"


def _age(series: Series) -> int:
    return int(series.name)
