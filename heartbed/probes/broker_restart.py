"""The broker is restarted: every connection is closed by it, and it is back after some seconds."""

from __future__ import annotations

from heartbed.stage.fault import Fault, await_broker
from heartbed.stage.stage import Stage
from heartbed.verdict.fault import RECOVERS


class BrokerRestart(Fault):
    """Stopped and started again at once."""

    name = "broker-restart"
    meaning = "the broker is stopped and started again at once, with a call under way"
    meanwhile = "the broker is restarted"
    documentation = """
        An upgrade of RabbitMQ, or a node of a cluster that is drained, closes every connection in good order and is
        back after some seconds. A client that notices opens its connections again by itself; one whose threads stand
        still notices when it is next used, and its first caller waits. To be back is more than to be connected: a queue
        that the client declares while the broker still removes the old one is gone again, and calls time out on a
        healthy connection (https://bugs.launchpad.net/neutron/+bug/1318721).
    """
    rule = RECOVERS

    def strike(self, stage: Stage) -> None:
        """Restart it, and wait until it answers and the RPC server is back."""
        with stage.hand.stopped("rabbitmq"):
            pass
        await_broker(stage)


PROBE = BrokerRestart()
