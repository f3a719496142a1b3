"""The files of this machine that candidates are made of, packed for another one that plays them."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from heartbed.candidates.own import OwnApplication
from heartbed.candidates.subject import Candidate
from heartbed.cells.cell import Cell
from heartbed.errors import InputError

LARGEST = 256 * 2**20
"""Bytes that are sent to each host at the most."""

OF_OWN = ("config_dir", "prepare", "folder", "packages")
"""The paths that an application of the user's own is made of, beside its script."""


def packed(cells: Iterable[Cell]) -> bytes:
    """A compressed archive of all that these are made of; empty where there is nothing.

    Raises ``InputError`` for more than ``LARGEST``, and for what cannot be read.
    """
    places = _places(cells)
    if not places:
        return b""
    whole = io.BytesIO()

    def small(member: tarfile.TarInfo) -> tarfile.TarInfo:
        if whole.tell() + member.size > LARGEST:
            what = f"what the cells are made of is more than {LARGEST // 2**20} MiB, too much to be sent"
            raise InputError(what, hint="play it without --scheduler")
        return member.replace(uid=0, gid=0, uname="", gname="", deep=False)

    try:
        with tarfile.open(fileobj=whole, mode="w", dereference=True) as archive:
            for path, place in places.items():
                if not any(parent in places for parent in path.parents):
                    archive.add(path, str(place), filter=small)
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}", hint="play it without --scheduler") from None
    return gzip.compress(whole.getvalue(), compresslevel=1)


def unpacked(luggage: bytes, cells: Sequence[Cell], folder: Path) -> tuple[Cell, ...]:
    """The cells, made of what was packed, which is put into a folder of this machine. The folder is made."""
    if not luggage:
        return tuple(cells)
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(luggage))) as archive:
        archive.extractall(folder, filter="data")
    now = {path: folder / place for path, place in _places(cells).items()}
    return tuple(_moved(cell, now) if isinstance(cell, Candidate) else cell for cell in cells)


def _places(cells: Iterable[Cell]) -> dict[Path, PurePath]:
    """Path -> where it is in the archive, the same on both machines. What lies in another of them is sent with that."""
    candidates = [cell for cell in cells if isinstance(cell, Candidate)]
    paths = {each for cell in candidates for each in (cell.folder, *(_of_own(cell.own) if cell.own else ()))}
    places: dict[Path, PurePath] = {}
    for number, path in enumerate(sorted(paths)):
        within = next((parent for parent in path.parents if parent in places), None)
        places[path] = places[within] / path.relative_to(within) if within else PurePath(str(number), path.name)
    return places


def _of_own(own: OwnApplication) -> list[Path]:
    # Where the script's folder was not copied, all that lies beside it is seen.
    named = [path for each in OF_OWN if (path := getattr(own, each))]
    return named if own.folder else [own.script.resolve().parent, *named]


def _moved(cell: Candidate, now: Mapping[Path, Path]) -> Candidate:
    own = cell.own
    if own is not None:
        named: dict[str, Any] = {each: now[path] for each in OF_OWN if (path := getattr(own, each))}
        folder = named.get("folder") or now[own.script.resolve().parent]
        own = replace(own, script=folder / own.script.name, **named)
    return replace(cell, folder=now[cell.folder], own=own)
