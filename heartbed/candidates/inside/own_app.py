"""The WSGI script that stands in for a user's own: runs it, and speaks the testbed's language in front of it.

Runs inside the cell, where the configuration expects its script. It imports
nothing of Heartbed's program, and patches nothing: that is the user's script's
own business. ``HEARTBED_APP`` is the user's script, ``HEARTBED_APP_PACKAGES``
a folder of packages that come before the image's, and ``HEARTBED_APP_OPEN`` the
request that makes the application use the broker.
"""

import os
import sys

from wsgi_app import natives  # noqa: F401  before anybody patches: it keeps the real functions

SCRIPT = os.environ["HEARTBED_APP"]
METHOD, PATH = os.environ.get("HEARTBED_APP_OPEN", "GET /").split(None, 1)
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

import io  # noqa: E402
import json  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import asdict  # noqa: E402
from functools import partial  # noqa: E402
from importlib import metadata  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, cast  # noqa: E402

from oslo_config import cfg  # noqa: E402

from wsgi_app import dump, facts  # noqa: E402
from wsgi_app.patching import is_patched  # noqa: E402
from wsgi_app.whereabouts import Registry, Whereabouts  # noqa: E402

own = cast("Callable[..., Any]", _own)
ENGINE = ("/v2.1/servers/", "/diagnostics"), ("/v2.1/servers/", "/action")
"""What the paths begin and end with by which the engine asks for a call and a cast."""


def _facts(environ: dict[str, Any]) -> dict[str, Any]:
    """What the process is, with as much of oslo.messaging as the application has of it."""
    try:
        found = asdict(facts.gather(environ, cfg.CONF))
    except Exception as error:  # noqa: BLE001  an application without oslo.messaging has none of these options
        found = _without_oslo() | {"incomplete": f"{type(error).__name__}: {error}"}
    # Its libraries are the application's own business: they are told, and not held against what was asked.
    found["versions"] = {k: v for k, v in dict(found["versions"]).items() if k not in facts.PACKAGES}
    for package in ("oslo.messaging", "eventlet", "kombu", "amqp", "pika"):
        try:
            found["versions"][f"{package} (the application's)"] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _without_oslo() -> dict[str, Any]:
    mpms = facts.mpms_in(Path("/proc/self/maps").read_text())
    wsgi = sys.modules.get("mod_wsgi")
    group = getattr(wsgi, "process_group", None)
    return {
        "pid": os.getpid(),
        "server": mpms[0] if len(mpms) == 1 else None,
        "mpm": mpms[0] if len(mpms) == 1 else None,
        "mode": None if group is None else ("daemon" if group else "embedded"),
        "process_group": group,
        "threads": getattr(wsgi, "threads_per_process", None),
        "model": "eventlet" if is_patched("thread") else "native",
        "versions": {"python": sys.version.split()[0]},
    }


def _answer(start_response: Any, content: object) -> list[bytes]:
    body = json.dumps(content).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _front(environ: dict[str, Any], start_response: Any) -> Any:
    path = environ.get("PATH_INFO", "")
    if path == "/heartbed/facts":
        return _answer(start_response, _facts(environ))
    if path in ("", "/") and PATH != "/":
        return _answer(start_response, {"application": SCRIPT})
    if any(path.startswith(first) and path.endswith(last) for first, last in ENGINE):
        query = PATH.partition("?")
        environ |= {"REQUEST_METHOD": METHOD, "PATH_INFO": query[0], "QUERY_STRING": query[2]}
        environ |= {"CONTENT_LENGTH": "0", "wsgi.input": io.BytesIO()}
    return own(environ, start_response)


_registry = Registry()
application = Whereabouts(_front, _registry, partial(dump.install, _registry))
