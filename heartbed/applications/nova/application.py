"""The real nova-api: its requests, the connections that it has, and what it takes."""

from __future__ import annotations

import json

from heartbed.applications.application import Application
from heartbed.applications.project import Project
from heartbed.applications.requests import READY, HttpRequest, Requests

PROJECT = Project("nova", page="/v2.1/os-aggregates")

PROCESS_MB = 256
"""Measured 147 to 167 MiB a process; while it loads, some more."""

LOADS_S = 300.0
"""Measured 6 to 36 s with two at a time on 2 cores; many at a time take turns."""

REQUESTS = Requests(
    # Tells every scheduler, which casts on the transport of the API itself. Aggregate 1 is made with the image.
    cast=HttpRequest(
        "PUT",
        "/v2.1/os-aggregates/1",
        (("Content-Type", "application/json"),),
        json.dumps({"aggregate": {"name": "heartbed"}}).encode(),
    ),
    # Asks nova-compute and waits for its answer, on the transport of the cell that the host is mapped to.
    call=HttpRequest(path="/v2.1/os-hosts/compute/reboot"),
    ready=HttpRequest(path=READY),
    yields=HttpRequest(path="/v2.1/servers"),
)

APPLICATION = Application(
    tokens=PROJECT.tokens,
    requests=REQUESTS,
    script=PROJECT.script,
    purposes=("SEND", "SEND", "LISTEN"),
    pythons=PROJECT.pythons,
    process_mb=PROCESS_MB,
    start_deadline_s=LOADS_S,
    layer=PROJECT.layer,
    refuses=PROJECT.refuses,
    of_release=PROJECT.of_release,
    lacks=PROJECT.lacks,
    patches=PROJECT.patches,
)
