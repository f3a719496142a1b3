"""The WSGI script that stands in for a user's own: runs it, and speaks the testbed's language in front of it.

Runs inside the cell, where the configuration expects its script. It imports
nothing of Heartbed's program, and patches nothing: that is the user's script's
own business. ``HEARTBED_APP`` is the user's script and ``HEARTBED_APP_PACKAGES``
a folder of packages that come before the image's.
"""

import os
import sys

from wsgi_app import natives  # noqa: F401  before anybody patches: it keeps the real functions

SCRIPT = os.environ["HEARTBED_APP"]
sys.path[:0] = [each for each in (os.path.dirname(SCRIPT), os.environ.get("HEARTBED_APP_PACKAGES")) if each]  # noqa: PTH120

import importlib.machinery  # noqa: E402
import importlib.util  # noqa: E402


def _load() -> object:
    loader = importlib.machinery.SourceFileLoader("heartbed_own_application", SCRIPT)
    module = importlib.util.module_from_spec(importlib.machinery.ModuleSpec(loader.name, loader, origin=SCRIPT))
    module.__file__ = SCRIPT
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module.application


_own = _load()

import json  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import asdict  # noqa: E402
from functools import partial  # noqa: E402
from typing import Any, cast  # noqa: E402

from oslo_config import cfg  # noqa: E402

from wsgi_app import dump, facts, handler, waits  # noqa: E402
from wsgi_app.whereabouts import Registry, Whereabouts  # noqa: E402

own = cast("Callable[..., Any]", _own)
CLIENTS = ("oslo_messaging", "kombu", "amqp", "pika", "aio_pika", "eventlet", "gevent")
"""Modules that say how an application speaks to RabbitMQ, and how it runs its threads."""


def _facts(environ: dict[str, Any]) -> dict[str, Any]:
    """What the process is, with as much of oslo.messaging as the application has of it by now."""
    try:
        found = asdict(facts.gather(environ, cfg.CONF))
    except Exception as error:  # noqa: BLE001  an application without oslo.messaging has none of these options
        found = asdict(facts.process(environ)) | {"incomplete": f"{type(error).__name__}: {error}"}
    return found | {"modules": [name for name in CLIENTS if name in sys.modules]}


def _answer(start_response: Any, content: object) -> list[bytes]:
    body = json.dumps(content).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _front(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ.get("PATH_INFO", "")
    if path == "/heartbed/facts":
        return _answer(start_response, _facts(environ))
    if path == "/heartbed/ready":
        return _answer(start_response, {"application": SCRIPT})
    if path == "/heartbed/yield":
        return _answer(start_response, waits.ask())
    return own(environ, start_response)


_registry = Registry()
application = Whereabouts(_front, _registry, partial(dump.install, _registry))
handle_request = handler.as_handler(application)
