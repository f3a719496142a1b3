"""OpenStack releases as names for sets of versions.

``releases.toml`` has, for each release, its own versions of the libraries that
bear on its connections, as its constraints name them; and what is run for
those that do not work on the images' Python, with the reason.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PYTHON = "3.13"
"""The Python of the images."""

FILE = Path(__file__).with_name("releases.toml")

HEAD = """\
# The OpenStack releases: what each is made of.
#
# source   where its constraints (upper-constraints.txt of openstack/requirements) were read, in November 2026; `named`
#          is the oslo.messaging that they name. Where a copy was read, the lines of other packages may be edited there.
# own      the versions that they name. oslo.messaging is the last of the release's stable series.
# instead  what is run on the images' Python in the place of the release's own, and why: the last line of what its own
#          ended with. It is the next newer release that works.
# beside   what some of these import and the image has not.
#
# source, named and own are kept by hand; the rest, and all of wsgi_app/requirements-releases.lock, is written by
#
#     python -m heartbed.versions.settle
"""


@dataclass(frozen=True)
class StandIn:
    """The version that is run in the place of a release's own, and why its own is not."""

    version: str
    why: str


@dataclass(frozen=True)
class Release:
    """One release. ``own``, ``instead`` and ``beside`` are by the names of packages."""

    name: str
    source: str
    named: str
    """The oslo.messaging that the constraints name: that of the day when they were read."""
    own: Mapping[str, str]
    instead: Mapping[str, StandIn] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> dict[str, str]:
        """Package -> the version that is run."""
        return {**self.own, **{package: each.version for package, each in self.instead.items()}, **self.beside}

    def differs(self, named: Collection[str] = ()) -> str:
        """In one line, what is not the release's own; empty where all is. ``named`` packages are somebody's choice."""
        others = [package for package in self.own if package not in named]
        told = [
            f"{package} {self.instead[package].version} for {self.own[package]}"
            for package in others
            if package in self.instead
        ]
        if not told:
            return ""
        verb = "does not run" if len(told) == 1 else "do not run"
        same = len(others) - len(told)
        rest = "1 other is" if same == 1 else f"{same} others are"
        return f"{', '.join(told)} ({verb} on Python {PYTHON}); {rest} the release's own"


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


def read(text: str) -> dict[str, Release]:
    """Name -> release, the oldest first."""
    found = {}
    for name, table in tomllib.loads(text).items():
        instead = {package: StandIn(*each) for package, each in table.get("instead", {}).items()}
        found[name] = Release(name, table["source"], table["named"], table["own"], instead, table.get("beside", {}))
    return found


def written(releases: Sequence[Release]) -> str:
    """What ``read`` reads. The strings of JSON are strings of TOML too."""
    lines = [HEAD]
    for release in releases:
        key = _key(release.name)
        lines += [f"[{key}]", f"source = {json.dumps(release.source)}", f"named = {json.dumps(release.named)}"]
        instead = {package: [each.version, each.why] for package, each in release.instead.items()}
        for table, content in (("own", release.own), ("instead", instead), ("beside", release.beside)):
            if content:
                lines.append(f"[{key}.{table}]")
                lines += [f"{_key(package)} = {json.dumps(value)}" for package, value in content.items()]
        lines.append("")
    return "\n".join(lines)


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


RELEASES = read(FILE.read_text(encoding="utf-8"))
