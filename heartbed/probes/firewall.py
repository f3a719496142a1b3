"""A stateful firewall forgets the cells' connections: their packets vanish in both directions, and nobody is told."""

from __future__ import annotations

from functools import partial

from heartbed.places import AMQP_PORT
from heartbed.stage.fault import BUSY, UNDER_WAY_S, Fault
from heartbed.stage.opened import OpenedCell
from heartbed.stage.probe import Disturbs, Parameter
from heartbed.stage.stage import Stage
from heartbed.testbed.testbed import Needs
from heartbed.verdict.fault import RECOVERS

TABLE = "heartbed_firewall"
PORT = str(AMQP_PORT)

SCRIPT = """
set -eu
known=$(ss -tnH dport = :PORT | awk '{ sub(/.*:/, "", $4); print $4 }' | paste -sd, -)
[ -z "$known" ] || known="elements = { $known };"
nft -f - <<END
table inet TABLE {
    set known { type inet_service; SET $known }
    chain out {
        type filter hook output priority 0
        OUT
    }
    chain in {
        type filter hook input priority 0
        IN
    }
}
END
"""
"""Filters the packets to and from the broker in the network of a cell; ``known`` are the client's ports of all
connections that there are when it begins."""

FORGETS = {
    "SET": "",
    "OUT": "tcp dport PORT tcp sport @known counter drop",
    "IN": "tcp sport PORT tcp dport @known counter drop",
}
"""It has forgotten what is there; what is opened later passes."""

PASSES = """tcp dport PORT tcp flags & (syn | ack) == syn add @known { tcp sport } accept
        tcp dport PORT tcp sport @known update @known { tcp sport } accept
        tcp dport PORT counter drop"""
TIMES_OUT = {
    "SET": "flags dynamic,timeout; timeout SECONDSs;",
    "OUT": PASSES,
    "IN": """tcp sport PORT tcp dport @known update @known { tcp dport } accept
        tcp sport PORT counter drop""",
}
"""It forgets what has been silent for so many seconds, in both directions together."""


def script(timeout_s: int) -> str:
    """The shell script that puts the firewall up; ``timeout_s`` 0 has it forget all that there is."""
    text = SCRIPT
    for name, rules in (TIMES_OUT if timeout_s else FORGETS).items():
        text = text.replace(name, rules)
    return text.replace("SECONDS", str(timeout_s)).replace("TABLE", TABLE).replace("PORT", PORT)


class Firewall(Fault):
    """Packets of the connections that there are are dropped in the cell's own network; new connections pass."""

    name = "firewall"
    meaning = "a firewall forgets the connections: their packets vanish, neither end is told, new connections pass"
    meanwhile = "a firewall has forgotten the connections"
    documentation = """
        Between API and broker stands a stateful firewall, a NAT or a load balancer. It is restarted, fails over to its
        twin, or forgets what it has not seen a packet of for some minutes, and drops the rest without a word: in 2011
        nova lost its idle connections behind one, and neither end was aware (https://bugs.launchpad.net/oslo/+bug/856764).
        A client that beats notices that nothing comes back and opens its connection anew; one that does not writes its
        next message into the void. With timeout=0 all is forgotten at once; else what was silent for so long, in both
        directions together, while the cell idles.
    """
    disturbs = Disturbs.CELL
    needs = Needs(("NET_ADMIN",), (("nft", "add", "table", "inet", TABLE), ("ss", "-tnH")))
    parameters = (BUSY, Parameter("timeout", "after how much silence it forgets; 0: at once", 0, 0, 3600, "s"))
    rule = RECOVERS

    def lasts_s(self, stage: Stage) -> float:
        """Until TCP or the heartbeat gives up: both ends have noticed after three timeouts."""
        return 3.0 * stage.settings.heartbeat_s

    def begin(self, stage: Stage, opened: OpenedCell) -> None:
        """Strike as soon as the cell's own idle time begins: later its connections may be gone already."""
        self.keep_busy(stage, opened)
        stage.beside(opened, partial(self._put_up, stage, opened))

    def strike(self, stage: Stage) -> None:
        """Wait until both ends have noticed, if they ever do without being used."""
        stage.wait(stage.parameters["timeout"] + self.lasts_s(stage) + stage.settings.margin_s)

    @staticmethod
    def _put_up(stage: Stage, opened: OpenedCell) -> None:
        """Put it up in the cell's network; it stands until the cells have been asked again."""
        stage.wait(UNDER_WAY_S)
        timeout_s = int(stage.parameters["timeout"])
        what, undo = "had a firewall forget the connections of", ("nft", "destroy", "table", "inet", TABLE)
        do = ("sh", "-c", script(timeout_s))
        stage.hand.lasting(stage.hand.in_network(what, opened.name, do, undo, timeout_s=timeout_s))


PROBE = Firewall()
