"""The recycle probe: processes reach the number of requests after which their server replaces them."""

from __future__ import annotations

from collections.abc import Mapping

from heartbed.cells.cell import Cell
from heartbed.cells.recycling import VARIABLE
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Parameter
from heartbed.stage.renewal import Renewing, patience_s, wait_until
from heartbed.stage.stage import Stage
from heartbed.verdict import recycling

MOST = 200
"""Requests to a process, beyond which a limit of a user's own file is not waited for."""

REQUEST_S = 0.6
"""What a request of those that are sent takes, with the pause before it: a call 0.75 s."""


class Recycle(Renewing):
    """Steady requests until each cell has had processes replaced."""

    name = "recycle"
    meaning = "processes are replaced by their server, each after so many requests, while requests go on"
    meanwhile = "each is asked for casts and calls until processes have been replaced"
    documentation = """
        An application that grows is kept small by having each process replaced after so many requests:
        MaxConnectionsPerChild in httpd, maximum-requests of mod_wsgi's daemon processes, max-requests in uWSGI,
        max_requests in gunicorn. Each time connections to RabbitMQ go with the process, and the next request imports
        the application and opens new ones. Where the replacement fails, the API is gone: in 2017 every worker of a
        uWSGI died as it reached max-requests, and none came back (https://github.com/unbit/uwsgi/issues/1515). The
        testbed's own configurations are given such a limit for this probe alone; a user's is played with its own.
    """
    parameters = (
        Parameter("requests", "after how many requests a process is replaced, in the testbed's own cells", 12, 8, MOST),
        Parameter("times", "how many processes are to have been replaced", 2, 1, 50),
    )
    rule = recycling.RULE
    at_a_time = 6

    def refuses(self, cell: Cell) -> str:
        """A configuration without a limit, or with one that is not reached here."""
        found = cell.recycling
        if found is None or 0 < found.requests <= MOST:
            return ""
        if not found.requests:
            return "it sets no number of requests after which a process is replaced"
        return f"{found.setting} {found.requests} is more than the {MOST} requests that are waited for here"

    def variables(self, cell: Cell, values: Mapping[str, float]) -> Mapping[str, str]:
        """The limit, where the configuration is the testbed's own."""
        return {} if cell.recycling else {VARIABLE: f"{values['requests']:.0f}"}

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Where it was asked so before, those that have answered then are none that are new now."""
        opened.pids |= opened.steady.pids
        opened.steady.pids = set()
        super().begin(stage, opened)

    def stay(self, stage: Stage, opened: OpenedCell) -> None:
        """Wait until a cell has had its processes replaced, or has been asked for longer than that takes."""
        if not opened.subject.control:
            wait_until(stage, lambda: _replaced(stage, opened), _lasts_s(stage, opened))


def _replaced(stage: Stage, opened: OpenedCell) -> bool:
    """Whether so many processes have answered that there were not when the cell began to idle."""
    return len(opened.steady.pids - opened.pids) >= stage.parameters["times"]


def _lasts_s(stage: Stage, opened: OpenedCell) -> float:
    own = opened.cell.recycling
    requests = own.requests if own else stage.parameters["requests"]
    return stage.parameters["times"] * (requests * opened.cell.process_count * REQUEST_S + patience_s(opened))


PROBE = Recycle()
