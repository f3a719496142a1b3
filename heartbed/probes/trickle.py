"""The trickle probe: as idle, but each cell is asked for a page at a steady interval, as a load balancer does.

Does the health check save the connections? The page touches no RabbitMQ. Where
serving it runs the hub for a moment, a green heartbeat that is due goes out. So
there are two kinds of page: one that waits for nothing, and one that waits for
an answer on a socket, as one does that reads a database, and so yields to the hub.
"""

from __future__ import annotations

from collections.abc import Mapping

from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Parameter, Probe
from heartbed.stage.stage import Stage

FIRST = 0.75
"""When the first page is due, in intervals: with no timeout of whole seconds does a page then meet the look at the
process in the middle of its idle time."""


class Trickle(Probe):
    """Pages at a steady interval, from the beginning of a cell's own idle time until it is asked again."""

    name = "trickle"
    meaning = "a page that does not touch RabbitMQ is asked for twice a heartbeat timeout, as a health check does"
    meanwhile = "each is asked for pages at a steady interval"
    documentation = """
        A load balancer or an orchestrator asks an API for a page every few seconds, so that the API is never quite
        idle. That does not keep its connections where the page is answered without waiting for anything: nothing
        then switches to the hub, and the heartbeat that is due stays where it is. In 2024 a check that designate-api
        has a RabbitMQ connection was taken out of its health probe again: it would have needed a
        constant stream of requests to be true (https://github.com/sapcc/helm-charts/pull/7441). A page that reads a
        database over a green socket is another matter (yields=1): it runs the hub of the thread that answers it, so
        that what becomes of the connections depends on which threads answer, and how often.
    """
    # RabbitMQ closes after two timeouts of silence: were each page to let one heartbeat out, none would be too late.
    parameters = (
        Parameter("pages", "how many pages are asked for a heartbeat timeout", 2, 1, 100),
        Parameter(
            "yields", "1 for pages that wait for an answer on a socket, 0 for pages that wait for nothing", 0, 0, 1
        ),
    )

    def in_words(self, values: Mapping[str, float]) -> str:
        """Which kind of page, and how often."""
        kind = "waits for an answer on a socket" if values["yields"] else "waits for nothing"
        return f"each is asked for a page that {kind} {values['pages']:g} times a heartbeat timeout"

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask for pages from now on."""
        interval_s = (stage.settings.timeout_of(opened.cell) or stage.settings.heartbeat_s) / stage.parameters["pages"]
        page = opened.client.yielding_page if stage.parameters["yields"] else opened.client.page
        stage.steadily(opened, page, interval_s, FIRST)


PROBE = Trickle()
