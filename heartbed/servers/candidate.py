"""Apache httpd on a configuration that a user has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from heartbed.candidate.adapted import COPY
from heartbed.plan import bind
from heartbed.servers.application import hosted

if TYPE_CHECKING:
    from heartbed.candidate.subject import Candidate
    from heartbed.cells import Cell
    from heartbed.plan import Plan

SERVERS = ("candidate",)
IMAGE = "apache"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """Httpd on the copy of the user's configuration, with Heartbed's application where its script would be."""
    candidate = cast("Candidate", cell)
    volumes = [bind(candidate.folder, COPY), *(bind(*each) for each in candidate.mounts)]
    command = ["/usr/sbin/apache2", "-f", f"{COPY}/{candidate.main}", "-D", "FOREGROUND"]
    return {**hosted(plan, candidate, IMAGE, candidate.switches, volumes), "command": command}
