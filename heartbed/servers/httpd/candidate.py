"""Apache httpd on a configuration that a user has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from heartbed.candidates.adapted import COPY
from heartbed.servers.application import brought

if TYPE_CHECKING:
    from heartbed.candidates.subject import Candidate
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan

SERVERS = ("candidate",)
IMAGE = "apache"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """Httpd on the copy of the user's configuration, with Heartbed's application where its script would be."""
    own = cast("Candidate", cell)
    return brought(plan, own, IMAGE, ["/usr/sbin/apache2", "-f", f"{COPY}/{own.main}", "-D", "FOREGROUND"])
