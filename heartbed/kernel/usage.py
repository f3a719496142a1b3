"""What a process holds: file descriptors, threads and memory, as /proc tells.

Reading takes nothing from it but a moment of the lock of its memory map.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from heartbed.kernel.proc import PROC, read_status

KIB = 1024


def usage(host_pid: int, root: Path = PROC) -> dict[str, int]:
    """What a process holds now. Raises ``OSError``, and ``KeyError`` for one that has ended and waits to be reaped."""
    status = read_status(host_pid, root)
    told = {
        "host_pid": host_pid,
        "descriptors": len(os.listdir(root / str(host_pid) / "fd")),  # noqa: PTH208  as many entries as descriptors
        "threads": int(status["Threads"]),
        "rss_octets": _octets(status["VmRSS"]),
    }
    with contextlib.suppress(OSError, KeyError):  # a kernel may be without it
        told["pss_octets"] = _octets(_rollup(root / str(host_pid))["Pss"])
    return told


def _rollup(process: Path) -> dict[str, str]:
    """The sums of ``smaps_rollup``, behind its first line."""
    lines = (process / "smaps_rollup").read_text().splitlines()[1:]
    return {key: value for key, _, value in (line.partition(":") for line in lines)}


def _octets(text: str) -> int:
    """``  1234 kB``."""
    return int(text.split(maxsplit=1)[0]) * KIB
