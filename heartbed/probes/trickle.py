"""The trickle probe: as idle, but each cell is asked for a page at a steady interval, as a load balancer does.

Does the health check save the connections? The page touches no RabbitMQ. Where
serving it ran the hub for a moment, a green heartbeat that is due would go out.
"""

from __future__ import annotations

from heartbed.stage.probe import Parameter, Probe
from heartbed.stage.stage import OpenedCell, Stage

FIRST = 0.75
"""When the first page is due, in intervals: with no timeout of whole seconds does a page then meet the look at the
process in the middle of its idle time."""


class Trickle(Probe):
    """Pages at a steady interval, from the beginning of a cell's own idle time until it is asked again."""

    name = "trickle"
    meaning = "a page that does not touch RabbitMQ is asked for twice a heartbeat timeout, as a health check does"
    meanwhile = "each is asked for a page {pages:g} times a heartbeat timeout"
    documentation = """
        A load balancer or an orchestrator asks an API for a page every few seconds, so that the API is never quite
        idle. That does not keep its connections where the page is answered without waiting for anything: nothing
        then switches to the hub, and the heartbeat that is due stays where it is. In 2024 a check that designate-api
        has a RabbitMQ connection was taken out of its health probe again: it would have needed a
        constant stream of requests to be true (https://github.com/sapcc/helm-charts/pull/7441).
    """
    # RabbitMQ closes after two timeouts of silence: were each page to let one heartbeat out, none would be too late.
    parameters = (Parameter("pages", "how many pages are asked for a heartbeat timeout", 2, 1, 100),)

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Ask for pages from now on."""
        interval_s = (stage.settings.timeout_of(opened.cell) or stage.settings.heartbeat_s) / stage.parameters["pages"]
        stage.steadily(opened, opened.client.page, interval_s, FIRST)


PROBE = Trickle()
