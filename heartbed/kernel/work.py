"""What the threads of a process have had of the cores: how long they ran, and how long they waited for one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from heartbed.kernel.proc import PROC

NS = 1e9


@dataclass(frozen=True)
class Worked:
    """One OS thread, since it began: seconds on a core, seconds in which it could have run and had none.

    ``disk``: it sleeps in the kernel so that nothing can wake it but what it has asked of a disk. ``stopped``: a signal
    has stopped it; one that a debugger holds is not.
    """

    ran_s: float
    waited_s: float
    disk: bool
    stopped: bool = False


def threads(host_pid: int, root: Path = PROC) -> dict[int, Worked]:
    """Every thread of a process by its number on the machine. Raises ``OSError`` where the process has ended."""
    found = {}
    for entry in (root / str(host_pid) / "task").iterdir():
        with contextlib.suppress(OSError, ValueError):  # ended meanwhile, or a kernel that does not count
            ran, waited, _ = (entry / "schedstat").read_text().split()
            # The name stands in brackets, and may hold any character.
            state = (entry / "stat").read_text().rpartition(")")[2].split(maxsplit=1)[0]
            found[int(entry.name)] = Worked(int(ran) / NS, int(waited) / NS, state == "D", state == "T")
    return found
