"""gunicorn, with its sync or its gthread workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.places import APP_DIRECTORY, ROOT
from heartbed.servers.application import hosted
from heartbed.testbed.plan import bind

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan

SERVERS = ("gunicorn",)
IMAGE = "gunicorn"


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """Gunicorn on the configuration in gunicorn_conf/, which reads its choices from the environment."""
    choices = {
        "HEARTBED_PROCESSES": str(cell.process_count),
        "HEARTBED_THREADS": str(cell.thread_count),
        "HEARTBED_WORKER_CLASS": cell.factors["worker_class"],
        "HEARTBED_LAZY": str(cell.has("lazy")).lower(),
    }
    volumes = [bind(ROOT / "gunicorn_conf", f"{APP_DIRECTORY}/gunicorn_conf")]
    return hosted(plan, cell, IMAGE, choices, volumes)
