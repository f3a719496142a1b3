"""OpenStack releases as sets of versions.

The versions are those of each release's own upper constraints. Heartbed's
image has one Python, on which the oldest of them do not work any more: what
stands in for them is told, never hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

from heartbed.axes import LIBRARIES


@dataclass(frozen=True)
class Release:
    """One release: library word -> version, by its own upper constraints."""

    name: str
    versions: dict[str, str]

    def used(self) -> dict[str, str]:
        """Library word -> version that is run in its place."""
        return {word: _at_least(version, OLDEST.get(word, "")) for word, version in self.versions.items()}

    def differing(self) -> tuple[str, ...]:
        """Which libraries differ from the release's own, in words."""
        names = {each.word: each.package for each in LIBRARIES}
        used = self.used()
        return tuple(
            f"{names[word]} {used[word]} stands in for {version}, which does not work on Python {PYTHON}"
            for word, version in self.versions.items()
            if used[word] != version
        )


PYTHON = "3.13"
"""The Python of the images."""

OLDEST = {"eventlet": "0.37.0"}
"""The oldest release of a library that works on that Python."""

RELEASES: dict[str, Release] = {}


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


def _at_least(version: str, oldest: str) -> str:
    return oldest if oldest and number(version) < number(oldest) else version
