"""Processes, as ``/proc`` has them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
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


def lost(pid: int, listed: Collection[int], root: Path = PROC) -> set[int]:
    """The inodes of a process's TCP sockets that the kernel lists no more: reset, shut down, or never connected.

    To whom they led the kernel does not say. Raises ``OSError`` as ``sockets`` does.
    """
    folder = f"{root}/{pid}/fd"
    found = set()
    for entry in os.listdir(folder):  # noqa: PTH208  as above
        with contextlib.suppress(OSError):  # closed meanwhile, or a file system without such attributes
            path = f"{folder}/{entry}"
            target = os.readlink(path)  # noqa: PTH115  as above
            if target.startswith("socket:[") and int(target[8:-1]) not in listed:
                protocol = os.getxattr(path, "system.sockprotoname").rstrip(b"\0")
                found |= {int(target[8:-1])} if protocol in (b"TCP", b"TCPv6") else set()
    return found


def tcp_counts(pid: int, root: Path = PROC) -> tuple[str, int]:
    """How many TCP sockets the network namespace of a process has, to see whether that has changed; and of IPv6.

    Raises ``OSError`` where the process has ended.
    """
    texts = [(root / str(pid) / "net" / name).read_text() for name in ("sockstat", "sockstat6")]
    lines = [line for text in texts for line in text.splitlines() if line.startswith(("TCP:", "TCP6:"))]
    of_ipv6 = next((int(line.split()[2]) for line in lines if line.startswith("TCP6:")), 0)
    return "\n".join(line.partition(" mem ")[0] for line in lines), of_ipv6


def namespace(pid: int, kind: str, root: Path = PROC) -> int:
    """The inode of a namespace of a process: ``net``, ``pid``, ``mnt``. Raises ``OSError`` where it may not be seen."""
    return (root / str(pid) / "ns" / kind).stat().st_ino
