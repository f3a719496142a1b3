"""What a family of servers is: the service that a cell becomes, the cells of the matrix, users' files of its kind.

A family is a folder of this package with a module ``family`` that has one object, ``FAMILY``. Which servers it is for
say their rows in ``heartbed.cells.axes``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbed.candidates.prepared import Kind
from heartbed.observers.app_log import Reader
from heartbed.places import APP_DIRECTORY
from heartbed.servers.application import brought, hosted
from heartbed.servers.running import Program, Recognise, Running
from heartbed.testbed.plan import bind

if TYPE_CHECKING:
    from heartbed.candidates.container import Container
    from heartbed.candidates.subject import Candidate
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan


def _nothing(cell: Cell, container: Container) -> Mapping[str, str]:
    del cell, container
    return {}


def _unknown(program: Program) -> Running | None:
    del program
    return None


@dataclass(frozen=True)
class Family:
    """A family of servers.

    ``program`` is what runs, in words. ``image`` is the folder of its image in
    images/, and ``conf`` that of its configuration, which reads a cell's
    choices from the environment; empty where there is none. ``hostings`` say where an application runs in
    the matrix, as what stands behind the server in the names of cells.
    ``in_force`` has the server tell, in a container of the cell's image, the
    settings that bear on processes, threads and connections. ``kind`` knows the
    users' files that such a server reads; None where they cannot be checked.
    ``log`` knows the lines of its log; None where they are told as they are.
    ``running`` recognises it among the processes of a host.
    ``reload`` is the signal, without ``SIG``, at which the first process of such a server replaces the others by
    new ones while it goes on serving; empty where it cannot be told to.
    """

    program: str
    image: str
    conf: str
    hostings: tuple[str, ...] = ("",)
    in_force: Callable[[Cell, Container], Mapping[str, str]] = _nothing
    kind: Kind | None = None
    log: Reader | None = None
    running: Recognise = _unknown
    reload: str = ""

    def mounts(self, root: Path) -> tuple[tuple[Path, str], ...]:
        """Its configuration in that checkout, and where the containers have it."""
        return ((root / self.conf, f"{APP_DIRECTORY}/{self.conf}"),) if self.conf else ()

    def service(self, plan: Plan, cell: Cell) -> dict[str, Any]:
        """The service of the Compose file that runs a cell on the testbed's own configuration."""
        return hosted(plan, cell, self.image, [bind(*each) for each in self.mounts(plan.settings.root)])

    def brought(self, plan: Plan, candidate: Candidate) -> dict[str, Any]:
        """The service that runs the server on the copy of a user's configuration."""
        if self.kind is None:
            raise TypeError(f"{self.program} reads no files of users")
        return brought(plan, candidate, self.image, self.kind.start(candidate.place))
