"""Renders cells into a Compose file: readable, and good for use by hand."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import yaml

try:
    from yaml import CSafeDumper as SafeDumper
except ImportError:  # a PyYAML that was built without libyaml does the same, slowly
    from yaml import SafeDumper  # type: ignore[assignment]

from heartbed import probes
from heartbed.cells.subject import Subject
from heartbed.places import AMQP_PORT
from heartbed.record.history import in_act
from heartbed.servers import service
from heartbed.testbed.broker import broker
from heartbed.testbed.plan import APPLICATION, NOFILE, USER, Plan, bind
from heartbed.testbed.testbed import HELD

BECOMES_USER = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID")
CAPTURES = ("KILL", "NET_RAW", "SETGID", "SETUID")
LOOKS_INTO_CELLS = ("DAC_READ_SEARCH", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE")
"""What each is for is said in images/observer/Dockerfile."""

COME_FIRST = {"cpu_shares": 8192}
"""Eight times a container's usual share of the cores, where they are scarce: cells wait for the broker and for the RPC
server. The controls and the observer have no more than a cell, whose lot they tell of."""

HEADER = """\
# Rendered by heartbed: RabbitMQ, the RPC server, the controls, the observer and one service a cell.
# By hand:  docker compose -f THIS_FILE up --detach
#           docker compose -f THIS_FILE port <cell> 8080     where a cell answers
#           docker compose -f THIS_FILE down --volumes
"""


def render(plan: Plan) -> str:
    """The Compose file as text."""
    services, labels = _services(plan), plan.labels.as_dict()
    volumes: dict[str, Any] = {}
    for each in services.values():
        each |= {"labels": labels, "restart": "no", "cap_drop": ["ALL"]}
        each["security_opt"] = [*each.get("security_opt", ()), "no-new-privileges:true"]
        if files := _files(plan, each):
            each["volumes"] = [*each.get("volumes", ()), *files]
            volumes |= {file["source"]: {"external": True, "name": file["source"]} for file in files}
    body = {"name": plan.project, "services": services, "networks": {"default": {"labels": labels}}}
    body |= {"volumes": volumes} if volumes else {}
    return HEADER + yaml.dump(_literal(body), Dumper=_Plain, sort_keys=False, width=120)


def images(plan: Plan) -> list[str]:
    """The image of each service."""
    return [str(service["image"]) for service in _services(plan).values()]


def _services(plan: Plan) -> dict[str, Any]:
    """Name -> what is particular to the service."""
    return {
        "rabbitmq": _rabbitmq(plan),
        "observer": _observer(plan),
        "compute": _compute(plan),
        **{in_act("controls", act): _controls(plan) for act in plan.acts},
        **{subject.name: _subject(plan, subject) for subject in plan.subjects},
    }


def _files(plan: Plan, service: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The volumes that have files of the service's image, save where something of its own is mounted below."""
    own = [str(mount["target"]) for mount in service.get("volumes", ())]
    return [
        {"type": "volume", "source": volume, "target": folder, "read_only": True, "volume": {"nocopy": True}}
        for folder, volume in plan.files.get(service["image"], {}).items()
        if not any(f"{target}/".startswith(f"{folder}/") for target in own)
    ]


def _literal(value: Any) -> Any:
    """The same, so that Compose takes every character as it is: a lone dollar sign stands for a variable there.

    What comes from a user's file or from a path must not be filled with the environment of whoever runs this.
    """
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, Mapping):
        return {key: _literal(each) for key, each in value.items()}
    return [_literal(each) for each in value] if isinstance(value, list | tuple) else value


def _subject(plan: Plan, subject: Subject) -> dict[str, Any]:
    """The cell's service; what it sends says which subject of the record it comes from."""
    found = service(plan, subject.cell)
    probe = probes.played(subject.scenario)
    besides = probe.variables(subject.cell, probe.values(dict(subject.scenario.parameters)))
    return {**found, "environment": {**found["environment"], **besides, "HEARTBED_SUBJECT": subject.name}}


class _Plain(SafeDumper):
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
        # Not its own: what watches the wire must go on while the broker is stopped and started again.
        "network_mode": "service:observer",
        "ulimits": {"nofile": NOFILE},
        "mem_limit": "1g",
        "pids_limit": 1024,
        # A run learns from the broker itself that it is up; for every look of the engine's a process would be started.
        "healthcheck": {"disable": True},
        **COME_FIRST,
        # Our own begins as the broker's user. An image of somebody else's may have to make itself that first.
        **({"cap_add": list(BECOMES_USER)} if os.environ.get("RABBITMQ_IMAGE") else {}),
    }


def _observer(plan: Plan) -> dict[str, Any]:
    outside = {
        "image": plan.image("observer"),
        "networks": {"default": {"aliases": ["rabbitmq"]}},
        "ports": [f"127.0.0.1::{AMQP_PORT}"],
        "cap_add": list(CAPTURES),
        "mem_limit": "1g",
        "pids_limit": 256,
    }
    if plan.settings.untrusted:
        return outside
    return {
        **outside,
        "pid": "host",
        "cap_add": [*CAPTURES, *LOOKS_INTO_CELLS],
        "security_opt": ["apparmor=unconfined"],
    }


def _python(plan: Plan, module: str, environment: dict[str, str]) -> dict[str, Any]:
    return {
        "image": plan.image(APPLICATION),
        "command": ["python3", "-m", module],
        # Without a value it is that of whoever makes the containers: by hand there is none, and nobody is held.
        "environment": {HELD: None, **environment},
        "mem_limit": "256m",
        "pids_limit": 128,
    }


def _compute(plan: Plan) -> dict[str, Any]:
    # It answers every message in a thread of its own, and keeps a connection for each reply under way.
    own = {
        "OS_DEFAULT__TRANSPORT_URL": f"rabbit:{plan.broker_url}",
        # It is not what is looked at: it is back at once where the broker is, and not as late as 30 s after that.
        "OS_OSLO_MESSAGING_RABBIT__RABBIT_INTERVAL_MAX": "1",
    }
    return {**_python(plan, "wsgi_app.compute", own), "mem_limit": "512m", "pids_limit": 1024, **COME_FIRST}


def _controls(plan: Plan) -> dict[str, Any]:
    environment = {
        "HEARTBED_BROKER_URL": f"amqp:{plan.broker_url}",
        "HEARTBED_HEARTBEAT": str(plan.settings.heartbeat_s),
    }
    return _python(plan, "wsgi_app.controls", environment)
