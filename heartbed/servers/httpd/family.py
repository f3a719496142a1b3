"""Apache httpd with mod_wsgi, under any of its MPMs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from heartbed.cells.axes import APPLICATION_IMAGE
from heartbed.servers.family import Family
from heartbed.servers.httpd import commands, dump, log, seen
from heartbed.servers.httpd.kind import HttpdKind
from heartbed.servers.httpd.running import running

if TYPE_CHECKING:
    from heartbed.candidates.container import Container
    from heartbed.cells.cell import Cell


def in_force(cell: Cell, container: Container) -> Mapping[str, str]:
    """The telling directives, from httpd's own tree."""
    told = container.run({"cell": commands.CELL}, cell.environment(application=False))["cell"]
    return seen.settings(dump.parse(told.output), None)


FAMILY = Family(
    "httpd",
    image=APPLICATION_IMAGE,
    conf="apache_conf",
    hostings=("{embedded,daemon}",),
    in_force=in_force,
    kind=HttpdKind(),
    log=log.read,
    running=running,
    # What `apachectl graceful` sends.
    reload="USR1",
)
