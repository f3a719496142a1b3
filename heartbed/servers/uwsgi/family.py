"""uWSGI, which speaks HTTP itself, or stands behind httpd's mod_proxy_uwsgi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from heartbed.places import APP_DIRECTORY
from heartbed.servers.family import Family
from heartbed.servers.uwsgi import commands, shape
from heartbed.servers.uwsgi.kind import UwsgiKind
from heartbed.servers.uwsgi.running import running

if TYPE_CHECKING:
    from heartbed.candidates.container import Container
    from heartbed.cells.cell import Cell

CONF = "uwsgi_conf"


def in_force(cell: Cell, container: Container) -> Mapping[str, str]:
    """The telling options, as uWSGI itself has them."""
    command = commands.read(f"{APP_DIRECTORY}/{CONF}/uwsgi.ini")
    told = container.run({"cell": command}, cell.environment(application=False))["cell"]
    return shape.settings(shape.in_force(told.output + told.errors))


FAMILY = Family(
    "uWSGI",
    image="uwsgi",
    conf=CONF,
    hostings=("", "proxied"),
    in_force=in_force,
    kind=UwsgiKind(),
    running=running,
    # What `uwsgi --reload` sends to the master, and `r` in its FIFO comes to.
    reload="HUP",
)
