"""uWSGI on a configuration that a user has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from heartbed.candidate.adapted import COPY
from heartbed.plan import bind
from heartbed.servers.application import hosted

if TYPE_CHECKING:
    from heartbed.candidate.subject import UwsgiCandidate
    from heartbed.cells import Cell
    from heartbed.plan import Plan

SERVERS = ("uwsgi-candidate",)
IMAGE = "uwsgi"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """UWSGI on the copy of the user's configuration, with Heartbed's application where its script would be."""
    candidate = cast("UwsgiCandidate", cell)
    volumes = [bind(candidate.folder, COPY), *(bind(*each) for each in candidate.mounts)]
    command = ["heartbed-uwsgi", f"{COPY}/{candidate.main}"]
    return {**hosted(plan, candidate, IMAGE, candidate.switches, volumes), "command": command}
