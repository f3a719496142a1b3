"""What an image is, as a value: what it is built from, and the hash of that."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.places import ROOT

NO_INPUTS = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
"""Folders that tools leave behind; nothing in them goes into an image."""


@dataclass(frozen=True)
class ImageSpec:
    """One image: its name within a run, its tag, and what it is built from.

    ``inputs`` are the files and folders whose content decides whether it is
    up to date. Without a ``dockerfile`` the image is somebody else's: it is
    only pulled, if it is not there. ``on`` is the tag of another of these
    images, which it is built on; ``lock`` says which releases are in it.
    """

    name: str
    tag: str
    context: Path = ROOT
    dockerfile: Path | None = None
    inputs: tuple[Path, ...] = ()
    base: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    on: str = ""
    lock: str = ""
    whose: str = ""
    """What of the user's is built here, as the command line has it; empty for what is Heartbed's own affair."""
    instead: str = ""
    """What to ask for where these versions do not work together; empty where nothing is known."""
    python: str = ""
    """The version of Python that what is installed runs on; empty where that is nobody's choice."""

    @property
    def chosen(self) -> str:
        """The versions in it, where others than those of the lock files' own images are asked for; else empty."""
        return self.tag.partition(":")[2] if self.build_args.keys() & {"LOCK", "MOD_WSGI"} else ""


@dataclass(frozen=True)
class ImageRef:
    """An image that is there. The id stays the same whatever becomes of the tag."""

    tag: str
    id: str
    lock: str = ""


def content_hash(spec: ImageSpec) -> str:
    """A hash of all that is sent to the engine: names, modes and contents of the files, and the arguments."""
    digest = hashlib.sha256()
    for path in sorted(_files(spec.inputs)):
        executable = bool(path.stat().st_mode & 0o100)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(spec.context)} {executable} {content}\n".encode())
    for key, value in sorted(spec.build_args.items()):
        digest.update(f"{key}={value}\n".encode())
    return digest.hexdigest()


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            yield from (each for each in inside if not any(part in NO_INPUTS for part in each.parts))
        elif path.exists():
            yield path
