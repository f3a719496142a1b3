"""To which container and which unit of systemd's a process belongs, as its control group names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from heartbed.kernel.proc import PROC

CONTAINER = re.compile(r"(?:(docker|libpod|cri-containerd|crio|containerd|lxc)[-/])?([0-9a-f]{64})(?:\.scope)?")
UNIT = re.compile(r"/([^/]+\.(?:service|scope))(?=/|$)")
ENGINES = {"docker": "docker", "libpod": "podman"}


@dataclass(frozen=True)
class Belonging:
    """A process's container and unit; None where it is in none. ``engine`` is the command that can copy from it."""

    container: str | None = None
    engine: str | None = None
    unit: str | None = None


def belonging(pid: int) -> Belonging:
    """Of a process. Raises ``OSError`` where it has ended."""
    return read_cgroup((PROC / str(pid) / "cgroup").read_text(errors="replace"))


def read_cgroup(text: str) -> Belonging:
    """From the text of ``/proc/<pid>/cgroup``: the control group that says most is that of most words."""
    paths = [line.split(":", 2)[2] for line in text.splitlines() if line.count(":") >= 2]
    for path in sorted(paths, key=len, reverse=True):
        if found := CONTAINER.search(path):
            return Belonging(found[2], ENGINES.get(found[1] or "docker"), _unit(path[: found.start()]))
    return Belonging(unit=next((unit for path in paths if (unit := _unit(path))), None))


def _unit(path: str) -> str | None:
    found = UNIT.findall(path)
    return found[-1] if found else None
