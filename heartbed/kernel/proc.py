"""Processes, as ``/proc`` has them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def read_status(pid: int, root: Path = PROC) -> dict[str, str]:
    """``/proc/<pid>/status`` as a mapping. Raises ``OSError``."""
    lines = (root / str(pid) / "status").read_text(errors="replace").splitlines()
    return dict(_pairs(lines))


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        key, _, value = line.partition(":")
        yield key, value.strip()


def pids(root: Path = PROC) -> set[int]:
    """All processes that there are."""
    # Done several times a second; a Path for every process of the machine would cost more than the rest.
    return {int(entry) for entry in os.listdir(root) if entry.isdecimal()}  # noqa: PTH208


def sockets(pid: int, root: Path = PROC) -> set[int]:
    """The inodes of the sockets that a process has among its file descriptors.

    Raises ``OSError`` where they may not be seen, or the process has ended.
    """
    folder = f"{root}/{pid}/fd"
    found = set()
    for entry in os.listdir(folder):  # noqa: PTH208  as above
        with contextlib.suppress(OSError):  # closed meanwhile
            target = os.readlink(f"{folder}/{entry}")  # noqa: PTH115  as above
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    return found


def namespace(pid: int, kind: str, root: Path = PROC) -> int:
    """The inode of a namespace of a process: ``net``, ``pid``, ``mnt``. Raises ``OSError`` where it may not be seen."""
    return (root / str(pid) / "ns" / kind).stat().st_ino
