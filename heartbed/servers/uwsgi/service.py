"""uWSGI, which speaks HTTP itself, or stands behind httpd's mod_proxy_uwsgi."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.places import APP_DIRECTORY, ROOT
from heartbed.servers.application import hosted
from heartbed.testbed.plan import bind

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan

SERVERS = ("uwsgi",)
IMAGE = "uwsgi"
FOLDER = ROOT / "uwsgi_conf"
TARGET = f"{APP_DIRECTORY}/uwsgi_conf"


def choices(cell: Cell) -> dict[str, str]:
    """What uwsgi.ini and heartbed-uwsgi are told of this cell, by its environment."""
    found = {
        "HEARTBED_PROCESSES": str(cell.process_count),
        "HEARTBED_THREADS": str(cell.thread_count),
        "HEARTBED_LAZY": str(cell.has("lazy")).lower(),
    }
    return found | ({"HEARTBED_FRONT": "proxied", "HEARTBED_PROXIED": "true"} if cell.has("proxied") else {})


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """A service on the configuration in uwsgi_conf/, which reads its choices from the environment."""
    return hosted(plan, cell, IMAGE, choices(cell), [bind(FOLDER, TARGET)])
