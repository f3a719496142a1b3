"""Makes a user's own application ready for the Python of its image: its packages installed, its sources compiled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from heartbed.candidates import pip_for
from heartbed.candidates.container import Container
from heartbed.candidates.own import OWN, PACKAGES, OwnApplication
from heartbed.candidates.requirements import refuse_builds
from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.cells import python
from heartbed.errors import InputError
from heartbed.files import is_regular

DEADLINE_S = 300
LOG_LINES = 12

MOST_FILES = 4000
MOST_OCTETS = 64 * 1024 * 1024
"""What of an application's own folder is copied, so that it can be compiled; a larger one is used as it is."""

WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")

LEFT_OUT = (".git", "__pycache__", ".venv", "node_modules")


def made_ready(wishes: Wishes, marks: Sequence[str], bench: Workbench, container: Container) -> OwnApplication:
    """The application with its packages, compiled, and what it brings and mentions. Raises ``InputError``."""
    own = wishes.own
    if own is None:
        raise ValueError("nobody brings an application")
    version = python.of(wishes.cell.python).version
    packages = install(wishes.requirements, bench.packages, version) if wishes.requirements else None
    folder = _copied(own.script.resolve().parent, bench.own)
    compiled = [(path, target) for path, target in ((folder, OWN), (packages, PACKAGES)) if path]
    if compiled:
        container.compile(compiled)
    sources = [
        *(reached(folder / own.script.name, folder) if folder else ()),
        *(_sources(packages) if packages else ()),
    ]
    return replace(
        own,
        folder=folder,
        packages=packages,
        brings=tuple(sorted(brought(packages).items())) if packages else (),
        # A folder that is too large to copy is too large to search: it may mention anything.
        mentions=mentioned(sources, marks) if folder else frozenset(marks),
    )


def install(requirements: Path, folder: Path, version: str) -> Path:
    """Install them for a version of Python into a folder, which is returned.

    Raises ``InputError`` with pip's own words.
    """
    if not is_regular(requirements):
        raise InputError(f"--requirements: {requirements} is not a file")
    refuse_builds(requirements)
    command = [sys.executable, "-m", pip_for.__name__, version]
    command += ["--disable-pip-version-check", "--no-input", "install", "--quiet"]
    # Wheels only: what needed a compiler would need its libraries in the image too. This Python is not the image's:
    # what it compiled would be of no use there.
    command += ["--no-compile", "--only-binary", ":all:", "--python-version", version]
    command += ["--target", str(folder), "-r", str(requirements)]
    bundle = os.environ.get("HEARTBED_CA_BUNDLE")
    environ = {**os.environ, "PIP_CERT": bundle} if bundle else dict(os.environ)
    try:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise InputError(f"{requirements} could not be installed within {DEADLINE_S} s") from None
    if done.returncode:
        log = [line for line in done.stderr.splitlines() if line.strip()][-LOG_LINES:]
        raise InputError(f"{requirements} could not be installed", log=log, hint="pip's own words are above")
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return folder


def brought(packages: Path) -> dict[str, str]:
    """Package -> version of all that is installed in a folder, by their names in lower case."""
    found = metadata.distributions(path=[str(packages)])
    return {str(each.metadata["Name"]).lower().replace("_", "-"): each.version for each in found}


def mentioned(files: Iterable[Path], marks: Sequence[str]) -> frozenset[str]:
    """Those of the texts that stand in one of the files."""
    wanted = {mark: mark.encode() for mark in marks}
    found: set[str] = set()
    for file in files:
        if len(found) == len(wanted):
            break
        content = _content(file)
        found |= {mark for mark, octets in wanted.items() if octets in content}
    return frozenset(found)


def reached(script: Path, folder: Path) -> list[Path]:
    """The sources of an application's own folder that its script may load: it, and what it names there, and so on.

    A module counts as named where its name stands as a word, in whatever sense: one too many does no harm.
    """
    beside = {path.stem if path.is_file() else path.name: path for path in folder.iterdir() if path != script}
    found, fresh = [script], [script]
    while fresh and beside:
        said = set(WORD.findall(b"".join(map(_content, fresh))))
        named = [beside.pop(name) for name in [*beside] if name.encode() in said]
        fresh = [source for path in named for source in ([path] if path.is_file() else _sources(path))]
        found += fresh
    return found


def _sources(folder: Path) -> Iterator[Path]:
    """Python sources, whatever a script is called."""
    yield from (path for path in folder.rglob("*") if path.suffix in ("", ".py", ".wsgi") and path.is_file())


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _copied(folder: Path, target: Path) -> Path | None:
    """A copy of the script's folder; None for one that is too large, or that cannot be read in full."""
    files = [path for path in _walk(folder) if path.is_file()]
    if len(files) > MOST_FILES or sum(path.stat().st_size for path in files) > MOST_OCTETS:
        return None
    try:
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
    except (OSError, shutil.Error):
        shutil.rmtree(target, ignore_errors=True)
        return None
    return target


def _walk(folder: Path) -> Iterator[Path]:
    """What is in a folder, but for what is left out; it ends soon after there are too many."""
    count = 0
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in LEFT_OUT]
        count += len(files)
        yield from (Path(place, name) for name in files)
        if count > MOST_FILES:
            return
