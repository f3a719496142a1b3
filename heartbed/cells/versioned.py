"""Which versions a cell has of its libraries: of an OpenStack release, named by themselves, or brought by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Self, TypeVar, cast

from heartbed.applications.application import Layer
from heartbed.cells import axes, python
from heartbed.cells.rows import Library
from heartbed.versions.patched import Patched
from heartbed.versions.releases import RELEASES

Same = TypeVar("Same")


def _replaced(cell: Same, **fields: Any) -> Same:
    """The same cell with other fields: a mixin does not know that it is part of a dataclass."""
    return cast("Same", replace(cast("Any", cell), **fields))


class Versioned:
    """What a cell says of its libraries. The fields are those of ``Cell``, which tells what they are."""

    oslo: str
    libraries: tuple[tuple[str, str], ...]
    release: str
    named: tuple[str, ...]
    app: str
    server: str
    python: str
    patched: tuple[Patched, ...]

    @property
    def layer(self) -> Layer | None:
        """What its application adds to the image."""
        raise NotImplementedError

    @property
    def installed(self) -> dict[str, str]:
        """Axis -> factor, of those that change what is installed."""
        raise NotImplementedError

    @property
    def brought(self) -> dict[str, str]:
        """Package -> version of what its factors need beside all others."""
        raise NotImplementedError

    @property
    def usual(self) -> Mapping[str, str]:
        """Package -> its version where nothing is named, of those that are older on this cell's Python."""
        return python.of(self.python).usual

    @property
    def _effective(self) -> list[tuple[Library, str]]:
        """(library, version) of all that there are under this cell's server, in the order of the axes."""
        chosen = {"oslo": self.oslo, **dict(self.libraries)}
        there = (each for each in axes.TABLE.libraries if each.has(self.server))
        return [(each, chosen.get(each.word, self.usually(each))) for each in there]

    def usually(self, library: Library) -> str:
        """Its version where nothing is named."""
        return self.usual.get(library.package, library.default)

    @property
    def versions(self) -> tuple[tuple[str, str], ...]:
        """(word, version) of each library that is not in its default version, in the order of the axes."""
        return tuple((each.word, version) for each, version in self._effective if version != each.default)

    @property
    def chosen_versions(self) -> tuple[tuple[str, str], ...]:
        """Likewise of each that is not in the version that is usual on this cell's Python."""
        return tuple((each.word, version) for each, version in self._effective if version != self.usually(each))

    @property
    def said_versions(self) -> list[str]:
        """What of it is part of the cell's name."""
        named = [self._of_release] if self.release else [f"{word}{version}" for word, version in self.chosen_versions]
        return [*named, *(f"{self.word(each)}@{each.label}" for each in self.patched)]

    @staticmethod
    def word(library: Patched) -> str:
        """What a library that the user brings is called in names: as its releases are, else by its package."""
        words = (each.word for each in axes.TABLE.libraries if each.package == library.package)
        return next(words, library.package)

    @property
    def released(self) -> Self:
        """The same cell with releases only."""
        return _replaced(self, patched=())

    def with_patched(self, libraries: Sequence[Patched]) -> Self:
        """The same cell with libraries of the user's own, in the place of any other version of theirs."""
        if not libraries:
            return self
        others = {axes.TABLE.library(word).package: (word, version) for word, version in self.libraries}
        mine = {each.package for each in libraries}
        return _replaced(
            self,
            oslo=self.usually(axes.TABLE.library("oslo"))
            if "oslo.messaging" in mine and not self.release
            else self.oslo,
            libraries=tuple(each for package, each in others.items() if package not in mine or self.release),
            named=tuple(word for word in self.named if axes.TABLE.library(word).package not in mine),
            patched=(*(each for each in self.patched if each.package not in mine), *libraries),
        )

    def with_version(self, word: str, version: str) -> Self:
        """The same cell with another version of a library, named beside its OpenStack release if it has one."""
        named = (
            tuple(each.word for each in axes.TABLE.libraries if each.word in (word, *self.named))
            if self.release
            else self.named
        )
        patched = tuple(each for each in self.patched if self.word(each) != word)
        if word == "oslo":
            return _replaced(self, oslo=version, named=named, patched=patched)
        others = {**dict(self.libraries), word: version}
        if version == self.usually(axes.TABLE.library(word)):
            del others[word]
        return _replaced(self, libraries=tuple(sorted(others.items())), named=named, patched=patched)

    @property
    def build(self) -> str:
        """What tells this cell's image from others of its server: ``oslo14.3.0-eventlet0.40.0``, ``train``.

        Whatever changes what is installed is in it: versions, and the factors of axes that say so.
        """
        others = [
            f"{word}{version}" for word, version in self.chosen_versions if word != "oslo" and word not in self._beside
        ]
        versions = [self._for_release(self._named())] if self.release else [f"oslo{self.oslo}", *others]
        versions += [f"{package}{version}" for package, version in [*self.brought.items()][:1]]
        # An image's tag knows neither @ nor +.
        brought = [f"{self.word(each)}_{each.label}".replace("+", ".") for each in self.patched]
        return "-".join([*versions, *self.installed.values(), *brought])

    @property
    def beside(self) -> dict[str, str]:
        """Word -> version of its server itself, where it is not the default."""
        return {word: version for word, version in self.chosen_versions if word in self._beside}

    @property
    def _beside(self) -> frozenset[str]:
        return frozenset(each.word for each in axes.TABLE.libraries if each.beside)

    @property
    def _of_release(self) -> str:
        return self._for_release([*self._named(), *self.beside.items()])

    def _for_release(self, named: Sequence[tuple[str, str]]) -> str:
        return "-".join([self.release, *(f"{word}{version}" for word, version in named)])

    @property
    def packages(self) -> dict[str, str]:
        """Package -> version of all that the application is to have: a release's whole set, and what was named."""
        if self.release:
            named = {axes.TABLE.library(word).package: version for word, version in self._named()}
            return {**RELEASES[self.release].runs(python.of(self.python).version), **named, **self.brought}
        chosen = {"oslo": self.oslo, **dict(self.chosen_versions)}
        asked = {word: version for word, version in chosen.items() if word not in self._beside}
        return {**{axes.TABLE.library(word).package: version for word, version in asked.items()}, **self.brought}

    @property
    def asked_versions(self) -> dict[str, str]:
        """Package -> version of all that it is asked to have, with its application's own."""
        asked = {**self.packages, **self.beside, **(self.layer.brings if self.layer else {})}
        mine = {each.package for each in self.patched}
        return {package: version for package, version in asked.items() if package not in mine}

    @property
    def stands_in(self) -> str:
        """What of a release is not its own here, in words; empty where all is, or there is no release."""
        if not self.release:
            return ""
        named = [axes.TABLE.library(word).package for word in self.named]
        differs = RELEASES[self.release].differs(python.of(self.python).version, named)
        return f"{self._of_release}: {differs}" if differs else ""

    def _named(self) -> list[tuple[str, str]]:
        chosen = {"oslo": self.oslo, **dict(self.libraries)}
        named = (word for word in self.named if word not in self._beside)
        return [(word, chosen.get(word, self.usually(axes.TABLE.library(word)))) for word in named]
