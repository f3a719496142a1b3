"""The broker is away for a while: whoever connects meanwhile is refused."""

from __future__ import annotations

from heartbed.stage.fault import BUSY, Fault, await_broker
from heartbed.stage.probe import Parameter
from heartbed.stage.stage import Stage
from heartbed.verdict.fault import RECOVERS


class BrokerStop(Fault):
    """Stopped, and started again after a time."""

    name = "broker-stop"
    meaning = "the broker is stopped for some seconds, with a call under way"
    meanwhile = "the broker is stopped for {for:g} s"
    documentation = """
        A host is rebooted, a container is scheduled elsewhere, a node falls over under its load, as in tests of Fuel
        with 200 nodes, and services are away for as long as they need to connect elsewhere
        (https://specs.openstack.org/openstack/fuel-specs/specs/8.0/rabbitmq-disable-mirroring-for-rpc.html). nova sets
        no limit to how often oslo.messaging tries again: a request that needs the broker meanwhile waits for it, and a
        server with few threads has none left for anybody else.
    """
    parameters = (BUSY, Parameter("for", "how long the broker is away", 8, 1, 600, "s"))
    rule = RECOVERS

    def strike(self, stage: Stage) -> None:
        """Stop it for so long, and wait until the RPC server is back."""
        with stage.hand.stopped("rabbitmq"):
            stage.wait(stage.parameters["for"])
        await_broker(stage)


PROBE = BrokerStop()
