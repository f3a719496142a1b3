"""Which server this process runs in, as the process itself can tell, where that is not httpd."""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wsgi_app import patching

WORKERS = ("gthread", "geventlet", "ggevent")
"""gunicorn's modules of workers, as they are called there. It loads the one that it needs."""


@dataclass(frozen=True)
class Host:
    """A server other than httpd. ``None`` where it does not tell."""

    server: str
    version: str | None = None
    processes: int | None = None
    threads: int | None = None
    app_threads: bool | None = None
    options: dict[str, str] = field(default_factory=dict)


def host(environ: Mapping[str, Any]) -> Host | None:
    """The server; None under httpd. ``environ`` is a request's WSGI environment."""
    software = str(environ.get("SERVER_SOFTWARE", ""))
    return _uwsgi(software) or _gunicorn(software) or _standalone(software)


def _uwsgi(server_software: str) -> Host | None:
    # uWSGI puts this module into the interpreters that it runs; nobody else has it.
    uwsgi = sys.modules.get("uwsgi") or _imported("uwsgi")
    if uwsgi is None:
        return None
    # Under a loop engine its cores are green threads.
    in_gevents = getattr(uwsgi, "loop", None) == b"gevent"
    front = "proxied" if server_software.startswith("Apache") else "direct"
    return Host(
        "uwsgi",
        version=uwsgi.version.decode(),
        processes=uwsgi.numproc,
        threads=1 if in_gevents else uwsgi.cores,
        app_threads=bool(uwsgi.has_threads) if hasattr(uwsgi, "has_threads") else None,
        # By itself uWSGI says nothing of the server; a proxy hands over what it is.
        options={"loading": _loading(), "front": front, "loop": "ugevent" if in_gevents else "simple"},
    )


def _imported(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        return None


def _gunicorn(server_software: str) -> Host | None:
    found = re.match(r"gunicorn/(\S+)", server_software)
    if found is None:
        return None
    pooled = sys.modules.get("gunicorn.workers.gthread")
    worker_class = next((name for name in WORKERS if f"gunicorn.workers.{name}" in sys.modules), "sync")
    options = {"loading": _loading(), "worker_class": worker_class}
    return Host("gunicorn", version=found[1], threads=_pool_of(pooled) if pooled else 1, options=options)


def _pool_of(module: Any) -> int | None:
    """Threads of gunicorn's pool. The worker hands itself to nobody: it is looked for among all objects."""
    kind = getattr(module, "ThreadWorker", None)
    worker = next((each for each in gc.get_objects() if kind is not None and type(each) is kind), None)
    return int(worker.cfg.threads) if worker is not None else None


def _standalone(server_software: str) -> Host | None:
    found = re.match(r"wsgiref/(\S+)", server_software)
    return Host("standalone", processes=1) if found else None


def _loading() -> str:
    """Whether this very process has loaded the application, or one that it was forked from."""
    return "lazy" if os.getpid() == patching.LOADED_IN else "preload"
