"""Renders cells into a Compose file: readable, and good for use by hand."""

from __future__ import annotations

import os
from typing import Any

import yaml

from heartbed.places import AMQP_PORT
from heartbed.record.history import in_act
from heartbed.servers import service
from heartbed.testbed.broker import broker
from heartbed.testbed.plan import APPLICATION, NOFILE, USER, Plan, bind

HEADER = """\
# Rendered by heartbed: RabbitMQ, the RPC server, the controls, the observer and one service a cell.
# By hand:  docker compose -f THIS_FILE up --detach
#           docker compose -f THIS_FILE port <cell> 8080     where a cell answers
#           docker compose -f THIS_FILE down --volumes
"""


def render(plan: Plan) -> str:
    """The Compose file as text."""
    services: dict[str, Any] = {
        "rabbitmq": _rabbitmq(plan),
        "observer": _observer(plan),
        "compute": _compute(plan),
        **{in_act("controls", act): _controls(plan) for act in plan.acts},
    }
    services |= {subject.name: service(plan, subject.cell) for subject in plan.subjects}
    labels = plan.labels.as_dict()
    for each in services.values():
        each |= {"labels": labels, "restart": "no"}
    body = {"name": plan.project, "services": services, "networks": {"default": {"labels": labels}}}
    return HEADER + yaml.dump(body, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """YAML without anchors: every service can be read by itself."""

    def ignore_aliases(self, data: object) -> bool:
        """Never refer to another service."""
        del data
        return True


def _rabbitmq(plan: Plan) -> dict[str, Any]:
    return {
        "image": plan.image("rabbitmq"),
        "environment": {"RABBITMQ_DEFAULT_USER": USER, "RABBITMQ_DEFAULT_PASS": plan.password},
        "volumes": [bind(source, target) for source, target in broker(os.environ).mounts],
        "ports": [f"127.0.0.1::{AMQP_PORT}"],
        "ulimits": {"nofile": NOFILE},
        "mem_limit": "1g",
        "pids_limit": 1024,
    }


def _observer(plan: Plan) -> dict[str, Any]:
    return {
        "image": plan.image("observer"),
        "network_mode": "service:rabbitmq",
        "pid": "host",
        "cap_add": ["KILL", "NET_RAW", "SETGID", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"],
        "security_opt": ["apparmor=unconfined"],
        "mem_limit": "1g",
    }


def _python(plan: Plan, module: str, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "image": plan.image(APPLICATION),
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
