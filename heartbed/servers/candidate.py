"""Apache httpd on a configuration that a user has brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from heartbed.candidate.adapt import COPY
from heartbed.plan import HTTP_PORT, bind, image_name
from heartbed.servers.application import environment

if TYPE_CHECKING:
    from heartbed.candidate.subject import Candidate
    from heartbed.cells import Cell
    from heartbed.plan import Plan

SERVERS = ("candidate",)
IMAGE = "apache"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """Httpd on the copy of the user's configuration, with Heartbed's application where its script would be."""
    candidate = cast("Candidate", cell)
    return {
        "image": plan.image(image_name(IMAGE, candidate)),
        "command": ["/usr/sbin/apache2", "-f", f"{COPY}/{candidate.label}/httpd.conf", "-D", "FOREGROUND"],
        "environment": candidate.switches | environment(plan, candidate),
        "volumes": [bind(candidate.folder, COPY), *(bind(*each) for each in candidate.mounts)],
        "ports": [f"127.0.0.1::{HTTP_PORT}"],
        "mem_limit": f"{256 + 128 * candidate.process_count}m",
        "pids_limit": 256 + candidate.process_count * (candidate.thread_count + 16),
        "depends_on": ["rabbitmq", "compute"],
    }
