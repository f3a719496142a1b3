"""What a service needs to host the application, whatever the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from heartbed.candidates.adapted import COPY
from heartbed.candidates.own import START, filled
from heartbed.places import HTTP_PORT
from heartbed.testbed.plan import bind, image_name

if TYPE_CHECKING:
    from heartbed.candidates.subject import Candidate
    from heartbed.cells.cell import Cell
    from heartbed.testbed.plan import Plan


def environment(plan: Plan, cell: Cell) -> dict[str, str]:
    """Variables that oslo.config and the application read, as nova's do."""
    values = {
        "HEARTBED_CELL": cell.name,
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit:{plan.broker_url}",
        "OS_DEFAULT__RPC_RESPONSE_TIMEOUT": str(plan.settings.rpc_timeout_s),
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": str(plan.settings.timeout_of(cell)),
    }
    return values | cell.environment(application=True)


def hosted(plan: Plan, cell: Cell, image: str, volumes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The service of a cell: a server on the testbed's own configuration, which is told the cell's choices."""
    return _service(plan, cell, image, cell.environment(application=False), volumes)


def _service(
    plan: Plan, cell: Cell, image: str, choices: Mapping[str, str], volumes: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """A family's ``image``, what its server is told by ``choices``, and what is mounted.

    The limits keep a runaway from taking the machine.
    """
    return {
        "image": plan.image(image_name(image, cell)),
        "environment": {**choices, **environment(plan, cell)},
        "volumes": list(volumes),
        "ports": [f"127.0.0.1::{HTTP_PORT}"],
        "mem_limit": f"{256 + cell.application.process_mb * cell.process_count}m",
        "pids_limit": 256 + cell.process_count * (cell.thread_count + 16),
        "depends_on": ["rabbitmq", "compute"],
    }


def _told(plan: Plan, candidate: Candidate) -> dict[str, str]:
    """What a user's own application is told: the broker in the forms in which libraries take it, then its variables."""
    broker = f"amqp:{plan.broker_url}"
    # The virtual host "/", as every library understands it, and the timeout, which most of them take from here.
    url = f"{broker}%2F?heartbeat={plan.settings.timeout_of(candidate)}"
    return {"AMQP_URL": url, **filled(candidate.switches, broker, url), "HEARTBED_BROKER_URL": broker}


def brought(plan: Plan, candidate: Candidate, image: str, command: Sequence[str]) -> dict[str, Any]:
    """The service of a candidate: a server started by ``command`` on the copy of the user's configuration."""
    volumes = [bind(candidate.folder, COPY), *(bind(*each) for each in candidate.mounts)]
    told = _told(plan, candidate) if candidate.own else candidate.switches
    started = ["sh", START, *command] if candidate.own else list(command)
    return {**_service(plan, candidate, image, told, volumes), "command": started}
