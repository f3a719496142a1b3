"""uWSGI on a configuration that a user has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from heartbed.candidates.adapted import COPY
from heartbed.servers.application import brought

if TYPE_CHECKING:
    from heartbed.candidates.subject import UwsgiCandidate
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan

SERVERS = ("uwsgi-candidate",)
IMAGE = "uwsgi"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """UWSGI on the copy of the user's configuration, with Heartbed's application where its script would be."""
    own = cast("UwsgiCandidate", cell)
    return brought(plan, own, IMAGE, ["heartbed-uwsgi", f"{COPY}/{own.main}"])
