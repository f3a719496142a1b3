"""gunicorn, with its sync or its gthread workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.plan import APP_DIRECTORY, HTTP_PORT, bind, image_name
from heartbed.servers.application import environment
from heartbed.settings import ROOT

if TYPE_CHECKING:
    from heartbed.cells import Cell
    from heartbed.plan import Plan

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
    return {
        "image": plan.image(image_name(IMAGE, cell)),
        "environment": choices | environment(plan, cell),
        "volumes": [bind(ROOT / "gunicorn_conf", f"{APP_DIRECTORY}/gunicorn_conf")],
        "ports": [f"127.0.0.1::{HTTP_PORT}"],
        "mem_limit": f"{256 + 128 * cell.process_count}m",
        "pids_limit": 256 + cell.process_count * (cell.thread_count + 16),
        "depends_on": ["rabbitmq", "compute"],
    }
