"""Resolves each series of a project into its lock file: for maintainers.

    python -m heartbed.applications.settle nova            # all series
    python -m heartbed.applications.settle nova 32         # one

The libraries of the OpenStack release are not in the lock file: a cell's image has them already, in the versions that
the cell names. Needs uv and the index of packages; and for a series that names constraints, that revision of
upper-constraints.txt as ``.heartbed/constraints/<release>.txt``.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from heartbed.applications.project import Project, Series
from heartbed.places import ROOT
from heartbed.versions.projects import normal
from heartbed.versions.releases import RELEASES

UV = ROOT / ".heartbed" / "uv" / "bin" / "uv"
CONSTRAINTS = ROOT / ".heartbed" / "constraints"
HEAD = """\
# {project} {series} and all that it needs beside the libraries of OpenStack {release}, on Python {python}.
# Written by python -m heartbed.applications.settle {project}: do not edit.
"""
HELD = "# All but {loose} in the versions of upper-constraints.txt, {source}.\n"
PLATFORM = "x86_64-manylinux_2_28"
"""For which it is resolved. The hashes are those of all machines' wheels."""

CONSTRAINT = re.compile(r"([\w.-]+)===([^;\s]+)(.*)")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)


def resolved(series: Series) -> str:
    """The lock file's text. Raises ``CalledProcessError`` where uv finds no solution; its words are on stderr."""
    release = RELEASES[series.release]
    given = [f"{package}=={version}" for package, version in release.runs(series.python).items()]
    with tempfile.TemporaryDirectory() as folder:
        wanted = _file(folder, "wanted.txt", [f"{series.project}>={series.name},<{int(series.name) + 1}"])
        pins = _file(folder, "pins.txt", [*given, *series.pins, *constrained(series)])
        command = [shutil.which("uv") or str(UV), "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
        command += ["--python-version", series.python, "--python-platform", PLATFORM, "--generate-hashes"]
        command += ["--only-binary", ":all:"]
        command += [option for package in series.source for option in ("--no-binary", package)]
        command += ["--constraint", str(pins), str(wanted)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    head = HEAD.format(project=series.project, series=series.name, release=series.release, python=series.python)
    if series.constraints:
        head += HELD.format(loose=", ".join(series.loose) or "none", source=series.constraints)
    return head + _without(done.stdout, set(release.own))


def constrained(series: Series) -> list[str]:
    """The constraints of its release that hold for it: not for what the release's own list has, nor for ``loose``."""
    if not series.constraints:
        return []
    given = {normal(package) for package in (*RELEASES[series.release].runs(series.python), *series.loose)}
    text = (CONSTRAINTS / f"{series.release}.txt").read_text(encoding="utf-8")
    return [
        f"{found[1]}=={found[2]}{found[3]}"
        for line in text.splitlines()
        if (found := CONSTRAINT.match(line)) and normal(found[1]) not in given
    ]


def _file(folder: str, name: str, lines: Sequence[str]) -> Path:
    path = Path(folder) / name
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def _without(text: str, packages: set[str]) -> str:
    """A lock without some packages: each is a line with its version, and lines of hashes behind it."""
    left_out = {normal(package) for package in packages}
    entries = re.split(r"^(?=\S)", text, flags=re.MULTILINE)
    return "".join(each for each in entries if (found := PIN.match(each)) and normal(found[1]) not in left_out)


def main(project: str, *names: str) -> None:
    """Resolve the named series of a project, or all."""
    every = Project(project, page="").series
    for series in [every[name] for name in names] or every.values():
        series.lock.parent.mkdir(exist_ok=True)
        series.lock.write_text(resolved(series), encoding="utf-8")
        print(f"{series.lock.name}: {project} {series.version}")


if __name__ == "__main__":
    main(*sys.argv[1:])
