"""How a cell's server becomes a service of the Compose file: one module a family of servers.

A module names in ``SERVERS`` the factors that it serves and in ``IMAGE`` the folder of its image, and has
``service(plan, cell)``.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from heartbed.testbed.plan import image_name

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan


class Family(Protocol):
    """A module of this package."""

    SERVERS: tuple[str, ...]
    IMAGE: str

    def service(self, plan: Plan, cell: Cell) -> dict[str, Any]:
        """The cell's service, in Compose's terms."""


@cache
def _families() -> dict[str, Family]:
    modules = (
        importlib.import_module(f"{__name__}.{family.name}.{module}")
        for family in pkgutil.iter_modules(__path__)
        if family.ispkg
        for module in ("service", "candidate")
        if importlib.util.find_spec(f"{__name__}.{family.name}.{module}")
    )
    return {server: cast("Family", module) for module in modules for server in getattr(module, "SERVERS", ())}


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """The service of the Compose file that runs this cell."""
    return _families()[cell.family].service(plan, cell)


def image(cell: Cell) -> str:
    """The name of the image that the cell runs in."""
    return image_name(_families()[cell.family].IMAGE, cell)
