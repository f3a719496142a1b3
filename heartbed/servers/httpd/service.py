"""Apache httpd with mod_wsgi, under any of its MPMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.places import APP_DIRECTORY
from heartbed.servers.application import hosted
from heartbed.testbed.plan import bind

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan

SERVERS = ("prefork", "event", "worker")
IMAGE = "apache"


def choices(cell: Cell) -> dict[str, str]:
    """What heartbed-httpd is told of this cell, by its environment."""
    return {
        "HEARTBED_MPM": cell.server,
        "HEARTBED_MODE": cell.mode,
        "HEARTBED_PROCESSES": str(cell.process_count),
        "HEARTBED_THREADS": str(cell.thread_count),
    }


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """Httpd on the configuration in apache_conf/, which reads its choices from the environment."""
    volumes = [bind(plan.settings.apache_conf, f"{APP_DIRECTORY}/apache_conf")]
    return hosted(plan, cell, IMAGE, choices(cell), volumes)
