"""OpenStack releases as names for sets of versions.

``releases.toml`` has, for each release, its own versions of the libraries that
bear on its connections, as its constraints name them; and for each of the
images' Pythons what is run for those that do not work on it, with the reason.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heartbed.versions.pythons import PYTHON, PYTHONS

FILE = Path(__file__).with_name("releases.toml")

HEAD = """\
# The OpenStack releases: what each is made of.
#
# source   where its constraints (upper-constraints.txt of openstack/requirements) were read, in November 2026; `named`
#          is the oslo.messaging that they name. Where a copy was read, the lines of other packages may be edited there.
# own      the versions that they name. oslo.messaging is the last of the release's stable series.
# python   which of the images' Pythons it runs on unless another is asked for: the first, which all else runs on, where
#          that runs its own versions; else the oldest that does; where none does, the oldest on which the fewest are
#          others. Its nova and its cinder are locked for the same.
# on       by Python: `instead` is what is run there in the place of the release's own, and why: the last line of what
#          its own ended with. It is the next newer release that works. `beside` is what some of these import and the
#          image has not. `lacks` says why it does not run there at all.
#
# source, named, own and python are kept by hand; the rest, and all of wsgi_app/requirements-releases*.lock, is what
#
#     python -m heartbed.versions.settle
#
# writes.
"""


@dataclass(frozen=True)
class StandIn:
    """The version that is run in the place of a release's own, and why its own is not."""

    version: str
    why: str


@dataclass(frozen=True)
class Fit:
    """What is run of a release on one Python. ``lacks`` says why nothing is; ``beside`` is by the names of packages."""

    instead: Mapping[str, StandIn] = field(default_factory=dict)
    beside: Mapping[str, str] = field(default_factory=dict)
    lacks: str = ""


@dataclass(frozen=True)
class Release:
    """One release. ``own`` is by the names of packages, ``on`` by the versions of Python."""

    name: str
    source: str
    named: str
    """The oslo.messaging that the constraints name: that of the day when they were read."""
    own: Mapping[str, str]
    on: Mapping[str, Fit] = field(default_factory=dict)
    python: str = PYTHON
    """The Python that it runs on unless another is asked for."""

    def runs(self, python: str) -> dict[str, str]:
        """Package -> the version that is run on this Python."""
        fit = self.on[python]
        return {**self.own, **{package: each.version for package, each in fit.instead.items()}, **fit.beside}

    def differs(self, python: str, named: Collection[str] = ()) -> str:
        """In one line, what is not the release's own; empty where all is. ``named`` packages are somebody's choice."""
        others = [package for package in self.own if package not in named]
        instead = self.on[python].instead
        told = [
            f"{package} {instead[package].version} for {self.own[package]}" for package in others if package in instead
        ]
        if not told:
            return ""
        verb = "does not run" if len(told) == 1 else "do not run"
        same = len(others) - len(told)
        rest = "1 other is" if same == 1 else f"{same} others are"
        return f"{', '.join(told)} ({verb} on Python {python}); {rest} the release's own"

    def refuses(self, python: str) -> str:
        """Why it does not run on this Python, with those that it runs on; empty where it does."""
        if not (why := self.on[python].lacks):
            return ""
        able = [each for each in PYTHONS if not self.on[each].lacks]
        nearest = min(able, key=lambda each: _distance(each, python))
        return f"{self.name} does not run on Python {python} ({why}): the nearest that runs it is python{nearest}"


def _distance(one: str, other: str) -> int:
    return abs(number(one)[1] - number(other)[1])


def number(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


def read(text: str) -> dict[str, Release]:
    """Name -> release, the oldest first."""
    found = {}
    for name, table in tomllib.loads(text).items():
        on = {python: _fit(each) for python, each in table["on"].items()}
        found[name] = Release(name, table["source"], table["named"], table["own"], on, table["python"])
    return found


def _fit(table: Mapping[str, Mapping[str, Any]]) -> Fit:
    instead = {package: StandIn(*each) for package, each in table.get("instead", {}).items()}
    return Fit(instead, table.get("beside", {}), str(table.get("lacks", "")))


def written(releases: Sequence[Release]) -> str:
    """What ``read`` reads. The strings of JSON are strings of TOML too."""
    lines = [HEAD]
    for release in releases:
        key = _key(release.name)
        lines.append(f"[{key}]")
        lines += [f"{name} = {json.dumps(getattr(release, name))}" for name in ("source", "named", "python")]
        lines += _table(f"{key}.own", release.own)
        for python, fit in release.on.items():
            on = f"{key}.on.{_key(python)}"
            lines += [f"[{on}]", *([f"lacks = {json.dumps(fit.lacks)}"] if fit.lacks else [])]
            lines += _table(f"{on}.instead", {name: [each.version, each.why] for name, each in fit.instead.items()})
            lines += _table(f"{on}.beside", fit.beside)
        lines.append("")
    return "\n".join(lines)


def _table(name: str, content: Mapping[str, object]) -> list[str]:
    rows = [f"{_key(package)} = {json.dumps(value)}" for package, value in content.items()]
    return [f"[{name}]", *rows] if rows else []


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)


RELEASES = read(FILE.read_text(encoding="utf-8"))
