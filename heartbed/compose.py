"""Renders cells into a Compose file: readable, and good for use by hand."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from heartbed.cells import DEFAULT_OSLO, Cell
from heartbed.settings import ROOT, Settings

AMQP_PORT = 5672
HTTP_PORT = 8080
USER = "heartbed"
APP_DIRECTORY = "/opt/heartbed"

NOFILE = 8192
"""Open files of the broker: Erlang takes minutes to start where there is no limit, and no engine refuses this few."""

HEADER = """\
# Rendered by heartbed: RabbitMQ, the RPC server, the controls, the observer and one service a cell.
# By hand:  docker compose -f THIS_FILE up --detach
#           docker compose -f THIS_FILE port <cell> 8080     where a cell answers
#           docker compose -f THIS_FILE down --volumes
"""


@dataclass(frozen=True)
class Labels:
    """Who made a container: what clean-up goes by."""

    run: str
    lock: str = ""
    checkout: str = str(ROOT)

    def as_dict(self) -> dict[str, str]:
        """Labels for containers, networks and volumes."""
        return {
            "heartbed": "1",
            "heartbed.run": self.run,
            "heartbed.lock": self.lock,
            "heartbed.checkout": self.checkout,
        }


@dataclass(frozen=True)
class Plan:
    """All that a Compose file is rendered from."""

    project: str
    cells: Sequence[Cell]
    settings: Settings
    labels: Labels
    rabbitmq_image: str = "heartbed-rabbitmq:4"
    observer_image: str = "heartbed-observer:1"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def broker_url(self) -> str:
        """The broker as the cells reach it."""
        return f"//{USER}:{self.password}@rabbitmq:{AMQP_PORT}/"


def apache_image(oslo: str) -> str:
    """The httpd image that holds this version of oslo.messaging."""
    return f"heartbed-apache:oslo{oslo}"


def render(plan: Plan) -> str:
    """The Compose file as text."""
    services: dict[str, Any] = {
        "rabbitmq": _rabbitmq(plan),
        "observer": _observer(plan),
        "compute": _compute(plan),
        "controls": _controls(plan),
    }
    services |= {cell.name: _cell(plan, cell) for cell in plan.cells}
    labels = plan.labels.as_dict()
    for service in services.values():
        service["labels"] = labels
        service["restart"] = "no"
    body = {"name": plan.project, "services": services, "networks": {"default": {"labels": labels}}}
    return HEADER + yaml.dump(body, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """YAML without anchors: every service can be read by itself."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _bind(source: Path, target: str) -> dict[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": True}


def _rabbitmq(plan: Plan) -> dict[str, Any]:
    folder = ROOT / "images" / "rabbitmq"
    return {
        "image": plan.rabbitmq_image,
        "environment": {"RABBITMQ_DEFAULT_USER": USER, "RABBITMQ_DEFAULT_PASS": plan.password},
        "volumes": [
            _bind(folder / "rabbitmq.conf", "/etc/rabbitmq/conf.d/90-heartbed.conf"),
            _bind(folder / "enabled_plugins", "/etc/rabbitmq/enabled_plugins"),
        ],
        "ports": [f"127.0.0.1::{AMQP_PORT}"],
        "ulimits": {"nofile": NOFILE},
        "mem_limit": "1g",
        "pids_limit": 1024,
    }


def _observer(plan: Plan) -> dict[str, Any]:
    return {
        "image": plan.observer_image,
        "network_mode": "service:rabbitmq",
        "pid": "host",
        "cap_add": ["SYS_PTRACE", "NET_RAW", "NET_ADMIN"],
        "security_opt": ["apparmor=unconfined"],
        "mem_limit": "1g",
    }


def _python(plan: Plan, module: str, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "image": apache_image(DEFAULT_OSLO),
        "command": ["python3", "-m", module],
        "environment": environment,
        "mem_limit": "256m",
        "pids_limit": 128,
    }


def _compute(plan: Plan) -> dict[str, Any]:
    return _python(plan, "wsgi_app.compute", {"OS_DEFAULT__TRANSPORT_URL": f"rabbit:{plan.broker_url}"})


def _controls(plan: Plan) -> dict[str, Any]:
    environment = {
        "HEARTBED_BROKER_URL": f"amqp:{plan.broker_url}",
        "HEARTBED_HEARTBEAT": str(plan.settings.heartbeat_s),
    }
    return _python(plan, "wsgi_app.controls", environment)


def _cell(plan: Plan, cell: Cell) -> dict[str, Any]:
    return {
        "image": apache_image(cell.oslo),
        "environment": environment(plan, cell),
        "volumes": [_bind(ROOT / "apache_conf", f"{APP_DIRECTORY}/apache_conf")],
        "ports": [f"127.0.0.1::{HTTP_PORT}"],
        "mem_limit": f"{256 + 128 * cell.process_count}m",
        "pids_limit": 256 + cell.process_count * (cell.thread_count + 16),
        "depends_on": ["rabbitmq", "compute"],
    }


def environment(plan: Plan, cell: Cell) -> dict[str, str]:
    """The environment of a cell's httpd and application."""
    values = {
        "HEARTBED_CELL": cell.name,
        "HEARTBED_MPM": cell.server,
        "HEARTBED_MODE": cell.mode,
        "HEARTBED_PROCESSES": str(cell.process_count),
        "HEARTBED_THREADS": str(cell.thread_count),
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit:{plan.broker_url}",
        "OS_DEFAULT__RPC_RESPONSE_TIMEOUT": str(plan.settings.rpc_timeout_s),
        "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_TIMEOUT_THRESHOLD": str(plan.settings.timeout_of(cell)),
    }
    if cell.model == "native":
        values["OS_NOVA_DISABLE_EVENTLET_PATCHING"] = "true"
    else:
        values["OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"] = str(cell.thread == "pthread").lower()
    return values
