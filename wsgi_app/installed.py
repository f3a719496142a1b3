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
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def sources(packages: Iterable[str]) -> dict[str, str]:
    """Package -> what it was built from, of those that the user has brought (``images/with/install.py``)."""
    found = {}
    for package in packages:
        try:
            told = metadata.distribution(package).read_text("heartbed-source")
        except metadata.PackageNotFoundError:
            continue
        if told:
            found[package] = told
    return found
