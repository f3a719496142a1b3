"""The real cinder-api: its requests, the connections that it has, and what it takes."""

from __future__ import annotations

import json

from heartbed.applications.application import Application
from heartbed.applications.project import Project
from heartbed.applications.requests import READY, HttpRequest, Requests

PROJECT = Project("cinder", page="/v3/types")

PROCESS_MB = 256
"""Measured 143 to 147 MiB a process; while it loads, some more."""

LOADS_S = 300.0
"""Measured 5 to 23 s with two at a time on 2 cores; many at a time take turns."""

REQUESTS = Requests(
    # Tells each cinder-scheduler that is up how much to log: a cast, and nothing is written to the database.
    cast=HttpRequest(
        "PUT",
        "/v3/os-services/set-log",
        (("Content-Type", "application/json"), ("OpenStack-API-Version", "volume 3.32")),
        json.dumps({"binary": "cinder-scheduler", "server": "", "prefix": "cinder", "level": "INFO"}).encode(),
    ),
    # Asks cinder-scheduler and waits for its answer.
    call=HttpRequest(path="/v3/scheduler-stats/get_pools"),
    ready=HttpRequest(path=READY),
    page=HttpRequest(path="/healthcheck"),
    yields=HttpRequest(path="/v3/types"),
)


def _no_nova(factor: str, release: str) -> str:
    del factor, release
    return ""


APPLICATION = Application(
    tokens=PROJECT.tokens,
    requests=REQUESTS,
    script=PROJECT.script,
    pythons=PROJECT.pythons,
    process_mb=PROCESS_MB,
    start_deadline_s=LOADS_S,
    layer=PROJECT.layer,
    refuses=PROJECT.refuses,
    of_release=_no_nova,
    lacks=PROJECT.lacks,
    patches=PROJECT.patches,
    as_nova=False,
)
