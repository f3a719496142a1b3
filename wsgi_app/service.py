"""Puts the application together: configuration, pipeline, dump."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from paste import deploy

from wsgi_app import config, dump
from wsgi_app.whereabouts import Registry, Whereabouts

LOG = logging.getLogger("nova.service")


def load(environ: Mapping[str, str]) -> Callable[..., Iterable[bytes]]:
    """The WSGI application. Nothing connects to the broker yet."""
    config.load(environ)
    app: Any = deploy.loadapp(f"config:{config.folder(environ) / 'api-paste.ini'}", name="heartbed")
    registry = Registry()
    LOG.info("Application loaded in process %s, %.1f s of CPU time after its start", os.getpid(), time.process_time())
    # Not before the first request: uWSGI sets signal handlers of its own when the application has been loaded, and a
    # server that loads it once and then forks leaves the thread that writes the dump behind.
    return Whereabouts(app, registry, partial(dump.install, registry))
