"""Which RabbitMQ a run has: a factor of the run, because all of its cells share one broker."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import InputError
from heartbed.places import ROOT

VARIABLE = "HEARTBED_RABBITMQ"
FOLDER = ROOT / "images" / "rabbitmq"
CONF_D = "/etc/rabbitmq/conf.d"


@dataclass(frozen=True)
class Broker:
    """One version of RabbitMQ: the Debian release whose package it is, and its configuration (in images/rabbitmq)."""

    version: str
    suite: str
    conf: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The tag of its image."""
        return f"heartbed-rabbitmq:{self.version}"

    @property
    def mounts(self) -> tuple[tuple[Path, str], ...]:
        """Its files here, and where the container reads them."""
        return (
            *((FOLDER / name, f"{CONF_D}/9{at}-heartbed.conf") for at, name in enumerate(self.conf)),
            (FOLDER / "enabled_plugins", "/etc/rabbitmq/enabled_plugins"),
        )


BROKERS = {
    "4": Broker("4", "trixie", ("rabbitmq.conf", "since-3.12.conf")),
    "3.10": Broker("3.10", "bookworm", ("rabbitmq.conf",)),
}
"""The brokers that can be built here; any other is named by ``RABBITMQ_IMAGE``, and configured as the newest."""


def broker(environ: Mapping[str, str]) -> Broker:
    """The broker that the environment asks for. Raises ``InputError`` for one that there is not."""
    wanted = environ.get(VARIABLE) or "4"
    if wanted not in BROKERS:
        raise InputError(
            f"{VARIABLE}={wanted}: there is no such RabbitMQ here",
            hint=f"choose {' or '.join(BROKERS)}, or name an image: RABBITMQ_IMAGE=rabbitmq:{wanted}-management",
        )
    return BROKERS[wanted]


def about_log(log: list[str], service: str) -> str:
    """A hint on a service's log, and on where the service comes from."""
    words = "the last lines of its log are above" if log else "it has logged nothing"
    other = os.environ.get("RABBITMQ_IMAGE") if service == "rabbitmq" else None
    return f"{words}; its image is RABBITMQ_IMAGE={other}" if other else words
