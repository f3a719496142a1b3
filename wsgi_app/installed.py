"""What is installed in this process's image: versions, and what a library of the user's own was built from."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

PACKAGES = (
    *("amqp", "debtcollector", "eventlet", "futurist", "greenlet", "kombu", "stevedore", "vine"),
    *("oslo.concurrency", "oslo.config", "oslo.context", "oslo.i18n", "oslo.log", "oslo.messaging", "oslo.metrics"),
    *("oslo.middleware", "oslo.serialization", "oslo.service", "oslo.utils"),
)
"""What an OpenStack release is a set of."""

OTHERS = ("aio-pika", "celery", "gevent", "pika")
"""What applications other than OpenStack's speak to RabbitMQ with, and run their threads by."""


def installed(packages: Iterable[str]) -> dict[str, str]:
    """Package -> version, of those that are installed."""
    return {package: found.version for package in packages if (found := _distribution(package)) is not None}


def sources(packages: Iterable[str]) -> dict[str, str]:
    """Package -> what it was built from, of those that the user has brought (``images/with/install.py``)."""
    found = {package: each for package in packages if (each := _distribution(package)) is not None}
    told = {package: each.read_text("heartbed-source") for package, each in found.items()}
    return {package: source for package, source in told.items() if source}


def _distribution(package: str) -> metadata.Distribution | None:
    """What is installed under that name; Python 3.9 does not know it by another spelling than its wheel's."""
    for name in (package, package.replace(".", "_")):
        try:
            return metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
    return None
