"""The broker takes no messages: a memory alarm blocks whoever publishes, and the connections stay open."""

from __future__ import annotations

from functools import partial

from heartbed.stage.fault import BUSY, Fault
from heartbed.stage.probe import Parameter
from heartbed.stage.stage import Stage
from heartbed.verdict.fault import SURVIVES

WATERMARK = ("rabbitmqctl", "set_vm_memory_high_watermark", "absolute")
NOTHING, USUAL = "1MB", "512MiB"
"""What the broker may take before it raises the alarm: less than it takes in any case, and images/rabbitmq's own."""


class BrokerBlocked(Fault):
    """Publishers are blocked for a time."""

    name = "broker-blocked"
    meaning = "a memory alarm blocks whoever publishes for some seconds, with a call under way"
    meanwhile = "a memory alarm blocks publishers for {for:g} s"
    documentation = """
        A queue that nobody reads fills RabbitMQ's memory or disk, and RabbitMQ stops reading from every connection that
        publishes, heartbeats of the client included. Nothing is closed and nothing fails: casts wait for as long as the
        alarm lasts, because a cast has no time limit of its own, and hold their threads. Celery's users met that as
        504s of their WSGI applications, which went on waiting behind them (https://github.com/celery/celery/issues/2689).
    """
    parameters = (BUSY, Parameter("for", "how long the alarm lasts", 6, 1, 600, "s"))
    spares = True
    rule = SURVIVES

    def strike(self, stage: Stage) -> None:
        """Raise the alarm for so long, with a cast in each cell too: the call may have been sent before it."""
        with stage.hand.doing(
            "raised a memory alarm at",
            "rabbitmq",
            lambda: _set(stage, NOTHING),
            lambda: _set(stage, USUAL),
        ):
            for opened in stage.opened:
                stage.beside(opened, partial(opened.client.cast, "during"))
            stage.wait(stage.parameters["for"])


def _set(stage: Stage, watermark: str) -> None:
    stage.bed.execute("rabbitmq", *WATERMARK, watermark)


PROBE = BrokerBlocked()
