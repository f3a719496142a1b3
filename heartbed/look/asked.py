"""What a look is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from heartbed.look.management import Management
from heartbed.places import AMQP_PORT

PORTS = (AMQP_PORT, 5671)
"""RabbitMQ's own, without and with TLS."""

FOR_S = 20.0


@dataclass(frozen=True)
class Asked:
    """Of which processes, for how long, and what may be done for it.

    ``pids``, ``unit`` and ``container`` name processes; without any of them it
    is all of the host. ``broker`` is its management API, where that may be asked.
    """

    runs: Path
    pids: tuple[int, ...] = ()
    unit: str | None = None
    container: str | None = None
    ports: tuple[int, ...] = PORTS
    for_s: float = FOR_S
    heartbeat_s: int | None = None
    stacks: bool = True
    broker: Management | None = None
