"""The burst probe: more requests at a time than the cell can serve, first cold, then warm, then after an idle time.

Idling asks whether connections live. This asks whether requests do: when
connections are opened side by side, when they are used side by side, and when
all processes find dead ones at once.
"""

from __future__ import annotations

from functools import partial

from heartbed.stage import burst
from heartbed.stage.burst import Burst
from heartbed.stage.client import GRACE_S, Phase
from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import OpenedCell, Stage
from heartbed.verdict import burst as rules

LATE_S = 0.5
"""A request that waits so much longer than its RPC may take is looked at: it is given up ``GRACE_S`` after that."""


class BurstProbe(Probe):
    """Three bursts: the first opens the connections, the second uses them, the third comes after an idle time."""

    name = "burst"
    meaning = "many requests at a time, on first use, on open connections, and after an idle time"
    meanwhile = "nothing touches the cells between two bursts"
    documentation = """
        A deployment tool, a dashboard or a retrying client sends many requests at once, often to an API that has just
        been started or has idled for hours. oslo.messaging then opens connections side by side, and with eventlet its
        threads share locks that only one OS thread may use: requests hang for good, which no health check of an idle
        API shows. In 2023 nova-operator switched heartbeat_in_pthread off for nova-api because it hung so
        (https://github.com/openstack-k8s-operators/nova-operator/pull/518).
    """
    parameters = (Parameter("requests", "how many requests a burst has at the least", 24, 3, 2000),)
    disturbs = Disturbs.CELL
    control = True
    rule = rules.RULE

    def open(self, stage: Stage, opened: OpenedCell) -> None:
        """Let the first burst open the connections, and the second use them."""
        stage.learn(opened)
        capacity = opened.cell.process_count * opened.cell.thread_count
        opened.client.wait_longer(burst.waits_s(capacity, burst.size(capacity, 1)[1]))
        self._send(stage, opened, "cold", "open")
        self._send(stage, opened, "warm", "before")
        stage.leave_alone(opened)

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """Send the third burst, and then one request by itself of either kind."""
        stage.state(opened, "asking")
        self._send(stage, opened, "after idling", "after")
        opened.client.cast("after")
        opened.client.call("after")
        stage.state(opened, "done")

    @staticmethod
    def _send(stage: Stage, opened: OpenedCell, name: str, phase: Phase) -> None:
        cell = opened.cell
        capacity = cell.process_count * cell.thread_count
        requests, at_a_time = burst.size(capacity, int(stage.parameters["requests"]))
        patience_s = stage.settings.rpc_timeout_s + burst.waits_s(capacity, at_a_time) + min(LATE_S, GRACE_S / 2)
        late = partial(stage.look, opened, f"hang in the burst {name}")
        burst.send(opened, Burst(name, phase, requests, at_a_time), stage.stop, late, patience_s)


PROBE = BurstProbe()
