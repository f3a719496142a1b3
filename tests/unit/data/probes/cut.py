"""A toy that touches the network: each cell is cut off from the broker for a while."""

from __future__ import annotations

from contextlib import ExitStack

from heartbed.stage.probe import Disturbs, Parameter, Probe
from heartbed.stage.stage import Stage
from heartbed.testbed.testbed import Needs

RULE = ("OUTPUT", "-p", "tcp", "--dport", "5672", "-j", "DROP")


class Cut(Probe):
    """Nothing gets through."""

    name = "cut"
    meaning = "the way to the broker is cut"
    meanwhile = "each is cut off from the broker for {for:g} s"
    documentation = "A toy of the tests."
    disturbs = Disturbs.CELL
    needs = Needs(("NET_ADMIN",), (("iptables", "--list"),))
    parameters = (Parameter("for", "how long", 0.05, 0.01, 60, "s"),)

    def play(self, stage: Stage) -> None:
        """All cells together."""
        with ExitStack() as stack:
            for opened in stage.opened:
                do, undo = (("iptables", flag, *RULE) for flag in ("--append", "--delete"))
                stack.enter_context(stage.hand.in_network("cut off from the broker:", opened.name, do, undo))
            stage.wait(stage.parameters["for"])


PROBE = Cut()
