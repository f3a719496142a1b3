"""Apache httpd with mod_wsgi, under any of its MPMs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.plan import APP_DIRECTORY, HTTP_PORT, bind, image_name
from heartbed.servers.application import environment

if TYPE_CHECKING:
    from heartbed.cells import Cell
    from heartbed.plan import Plan

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
    return {
        "image": plan.image(image_name(IMAGE, cell)),
        "environment": choices(cell) | environment(plan, cell),
        "volumes": [bind(plan.settings.apache_conf, f"{APP_DIRECTORY}/apache_conf")],
        "ports": [f"127.0.0.1::{HTTP_PORT}"],
        "mem_limit": f"{256 + 128 * cell.process_count}m",
        "pids_limit": 256 + cell.process_count * (cell.thread_count + 16),
        "depends_on": ["rabbitmq", "compute"],
    }
