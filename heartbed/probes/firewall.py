"""A stateful firewall forgets the cells' connections: their packets vanish in both directions, and nobody is told."""

from __future__ import annotations

from heartbed.places import AMQP_PORT
from heartbed.stage.fault import BUSY, Fault
from heartbed.stage.probe import Disturbs, Parameter
from heartbed.stage.stage import OpenedCell, Stage
from heartbed.stage.work import each
from heartbed.testbed.testbed import Needs
from heartbed.verdict.fault import RECOVERS

TABLE = "heartbed_firewall"
AT_A_TIME = 4
KNOWN = f"ss -tnH dport = :{AMQP_PORT} | awk '{{ sub(/.*:/, \"\", $4); print $4 }}' | paste -sd, -"
"""The client's ports of all connections to the broker that there are, in the network of a cell."""

FORGET = f"""
set -eu
known=$({KNOWN})
nft -f - <<END
table inet {TABLE} {{
    set known {{ type inet_service; elements = {{ $known }} }}
    chain out {{
        type filter hook output priority 0
        tcp dport {AMQP_PORT} tcp sport @known counter drop
    }}
    chain in {{
        type filter hook input priority 0
        tcp sport {AMQP_PORT} tcp dport @known counter drop
    }}
}}
END
"""
"""It has forgotten what is there; what is opened later passes."""

TIMEOUT = f"""
set -eu
known=$({KNOWN})
nft -f - <<END
table inet {TABLE} {{
    set known {{ type inet_service; flags dynamic,timeout; timeout {{seconds}}s; elements = {{{{ $known }}}} }}
    chain out {{{{
        type filter hook output priority 0
        tcp dport {AMQP_PORT} tcp flags & (syn | ack) == syn add @known {{{{ tcp sport }}}} accept
        tcp dport {AMQP_PORT} tcp sport @known update @known {{{{ tcp sport }}}} accept
        tcp dport {AMQP_PORT} counter drop
    }}}}
    chain in {{{{
        type filter hook input priority 0
        tcp sport {AMQP_PORT} tcp dport @known update @known {{{{ tcp dport }}}} accept
        tcp sport {AMQP_PORT} counter drop
    }}}}
}}}}
END
"""
"""It forgets what has been silent for so many seconds, in both directions together."""


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

    def strike(self, stage: Stage) -> None:
        """Put it up in every cell's network; it stands until the cells have been asked again."""
        timeout = int(stage.parameters["timeout"])
        rules = TIMEOUT.format(seconds=timeout) if timeout else FORGET

        def put_up(opened: OpenedCell) -> None:
            undo = ("nft", "delete", "table", "inet", TABLE)
            what = "had a firewall forget the connections of"
            do = ("sh", "-c", rules)
            stage.hand.lasting(stage.hand.in_network(what, opened.name, do, undo, timeout_s=timeout))

        each(stage.bus, stage.opened, put_up, AT_A_TIME)
        # Both ends have noticed by then if they ever do without being used.
        stage.wait(timeout + self.lasts_s(stage) + stage.settings.margin_s)


PROBE = Firewall()
