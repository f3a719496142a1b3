"""The burst probe: more requests at a time than the cell can serve, first cold, then warm, then after an idle time.

Idling asks whether connections live. This asks whether requests do: when
connections are opened side by side, when they are used side by side, and when
all processes find dead ones at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from heartbed.cells.cell import Cell
from heartbed.stage import burst
from heartbed.stage.burst import Burst
from heartbed.stage.client import GRACE_S, Phase
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import Stage
from heartbed.verdict import burst as rules

LATE_S = 0.5
"""A request that waits so much longer than its RPC may take is looked at: it is given up ``GRACE_S`` after that."""


ONCE = 3
"""Bursts of a cell: one cold, one warm, one after idling."""

MOST_COPIES = 8
"""Copies of a cell at once; where more bursts are wanted each copy gets more of them."""


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
    parameters = (
        Parameter("requests", "how many requests a burst has at the least", 24, 3, 2000),
        Parameter(
            "bursts",
            "how many bursts there are at the least where chance decides whether one hangs, because several OS threads "
            "of a process use eventlet's locks: in copies of the cell; elsewhere there are 3",
            15,
            3,
            600,
        ),
    )
    disturbs = Disturbs.CELL
    crowds = True
    control = True
    rule = rules.RULE

    def attempts(self, cell: Cell, values: Mapping[str, float]) -> int:
        """As many as have so many bursts, each in fresh processes; no more than are useful at once."""
        return min(MOST_COPIES, -(-int(values["bursts"]) // ONCE)) if cell.shares_locks else 1

    def again(self, stage: Stage, opened: OpenedCell) -> bool:
        """Unless it hung already: that is proven, and more often would prove no more."""
        return not any(each.stuck for each in stage.opened if each.cell == opened.cell)

    def open(self, stage: Stage, opened: OpenedCell) -> None:
        """Let the first burst open the connections, and others use them."""
        stage.learn(opened)
        opened.client.wait_longer(_turns_s(opened))
        self._send(stage, opened, "cold", "open")
        self._repeat(stage, opened, "warm", "before")
        stage.leave_alone(opened)

    def ask(self, stage: Stage, opened: OpenedCell) -> None:
        """Send bursts again, and then one request by itself of either kind, the second if the first returns."""
        stage.state(opened, "asking")
        self._repeat(stage, opened, "after idling", "after")
        opened.client.wait_longer(-_turns_s(opened))
        with stage.looking_where_it_hangs(opened):
            _, status = opened.client.cast("after")
        if status is not None:
            with stage.looking_where_it_hangs(opened):
                opened.client.call("after")
        stage.state(opened, "done")

    def _repeat(self, stage: Stage, opened: OpenedCell, name: str, phase: Phase) -> None:
        """One burst, or as many as are wanted of each copy of the cell; none any more once the cell is stuck."""
        copies = self.attempts(opened.cell, stage.parameters)
        wanted = -(-int(stage.parameters["bursts"]) // copies) if opened.cell.shares_locks else ONCE
        for attempt in range(1, 1 + max(1, wanted // 2)):
            if not opened.stuck:
                self._send(stage, opened, name, phase, attempt)

    @staticmethod
    def _send(stage: Stage, opened: OpenedCell, name: str, phase: Phase, attempt: int = 1) -> None:
        cell = opened.cell
        capacity = cell.process_count * cell.thread_count
        requests, at_a_time = burst.size(capacity, int(stage.parameters["requests"]))
        patience_s = stage.settings.rpc_timeout_s + _turns_s(opened) + min(LATE_S, GRACE_S / 2)
        late = partial(stage.look, opened, f"hang in the burst {name}")
        burst.send(opened, Burst(name, phase, requests, at_a_time, attempt), stage.stop, late, patience_s)


def _turns_s(opened: OpenedCell) -> float:
    """How long a request of a burst may wait for its turn, seconds."""
    capacity = opened.cell.process_count * opened.cell.thread_count
    return burst.waits_s(capacity, burst.size(capacity, 1)[1])


PROBE = BurstProbe()
