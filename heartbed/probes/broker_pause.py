"""The broker stands still: its sockets stay open, and nobody answers."""

from __future__ import annotations

from heartbed.stage.fault import BUSY, Fault
from heartbed.stage.probe import Parameter
from heartbed.stage.stage import Stage
from heartbed.testbed.testbed import Needs
from heartbed.verdict.fault import SURVIVES


class BrokerPause(Fault):
    """All of its processes are frozen for a time."""

    name = "broker-pause"
    meaning = "the broker's processes stand still for some seconds, with a call under way"
    meanwhile = "the broker stands still for {for:g} s"
    documentation = """
        A virtual machine is suspended or migrated, a disk stalls: the broker's host still acknowledges what fits into
        its buffers, and nothing is answered. No connection is closed. A client that checks for the broker's heartbeats
        notices after two timeouts; one that does not waits: workers of Celery sat there for hours, until the broker
        went on (https://github.com/celery/celery/issues/2312).
    """
    needs = Needs(stillness=True)
    parameters = (BUSY, Parameter("for", "how long it stands still", 6, 1, 600, "s"))
    spares = True
    rule = SURVIVES

    def strike(self, stage: Stage) -> None:
        """Freeze it for so long."""
        with stage.hand.paused("rabbitmq"):
            stage.wait(stage.parameters["for"])


PROBE = BrokerPause()
