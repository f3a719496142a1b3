"""The families of servers, a folder each, which are found by themselves (``heartbed.servers.family``)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from heartbed import plugins
from heartbed.candidates.subject import Candidate
from heartbed.cells import axes
from heartbed.observers.app_log import Reader
from heartbed.servers.family import Family
from heartbed.testbed.plan import image_name

if TYPE_CHECKING:
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan


@cache
def families() -> dict[str, Family]:
    """Folder -> the family that is in it."""
    return {name: module.FAMILY for name, module in plugins.members(__name__, "family").items()}


def family(server: str) -> Family:
    """The family of a server."""
    return families()[axes.TABLE.server(server).family]


def service(plan: Plan, cell: Cell) -> dict[str, Any]:
    """The service of the Compose file that runs this cell."""
    found = family(cell.server)
    return found.brought(plan, cell) if isinstance(cell, Candidate) else found.service(plan, cell)


def image(cell: Cell) -> str:
    """The name of the image that the cell runs in."""
    return image_name(family(cell.server).image, cell)


def reload(cell: Cell) -> str:
    """The signal, without ``SIG``, that has the cell's server replace its processes; empty where there is none."""
    return family(cell.server).reload


def log_readers() -> list[Reader]:
    """What knows the lines of the servers' logs."""
    return [each.log for each in families().values() if each.log]
