"""No web server at all: Python's own ``wsgiref``, in the image that has the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbed.cells.axes import APPLICATION_IMAGE
from heartbed.servers.application import hosted
from heartbed.servers.family import Family

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan


class Standalone(Family):
    """It has no configuration: the application's own module is what is started."""

    def service(self, plan: Plan, cell: Cell) -> dict[str, Any]:
        """The service of the Compose file that runs a cell."""
        own = hosted(plan, cell, self.image, [])
        return {**own, "command": ["python3", "-m", "wsgi_app.standalone"]}


FAMILY = Standalone("no web server", image=APPLICATION_IMAGE, conf="", hostings=())
