"""OpenStack releases as names for versions.

A release stands for the last oslo.messaging of its stable series, which is
what its constraints ended up with. Everything else is in the versions of
Heartbed's image, because what is from the same time as an old release does not
run on the image's Python; ``heartbed versions NAME`` says so.
"""

from __future__ import annotations

from dataclasses import dataclass

PYTHON = "3.13"
"""The Python of the images."""

LAST_OSLO = {
    "stein": "9.5.2",
    "train": "10.2.4",
    "ussuri": "12.1.6",
    "victoria": "12.5.2",
    "wallaby": "12.7.3",
    "xena": "12.9.4",
    "yoga": "12.13.3",
    "zed": "14.0.3",
    "2023.1": "14.2.5",
    "2023.2": "14.4.2",
    "2024.1": "14.7.3",
    "2024.2": "14.9.3",
    "2025.1": "16.1.2",
    "2025.2": "17.1.1",
    "2026.1": "17.3.2",
    "2026.2": "18.3.1",
}
"""Release -> the last oslo.messaging of its stable series."""


OLDEST_OSLO = "9.7.1"
"""The oldest oslo.messaging that is tested here. Stein's 9.5.2 does not import on Python 3.10 and later."""


@dataclass(frozen=True)
class Release:
    """One release: the oslo.messaging that it has, and the one that is run for it."""

    name: str
    own: str
    oslo: str

    @property
    def differs(self) -> str:
        """What is run in the place of the release's own, in words; empty where it is its own."""
        if self.own == self.oslo:
            return ""
        return f"oslo.messaging {self.oslo} stands in for {self.own}, which does not import on Python {PYTHON}"


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


RELEASES = {name: Release(name, own, max(own, OLDEST_OSLO, key=number)) for name, own in LAST_OSLO.items()}
