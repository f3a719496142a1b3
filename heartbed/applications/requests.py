"""What an application is asked for, as values: the requests by which the testbed opens, watches and asks a cell."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace

SERVER_ID = "6f70656e-7374-4163-8b00-6865617274ed"
"""An instance id for the requests; the RPC server answers for any."""

FACTS = "/heartbed/facts"
"""Where every application of a cell says what it is: Heartbed's own, and the front of a user's."""

READY = "/heartbed/ready"
"""A page of the front of a user's application: it waits for nothing."""

YIELD = "/heartbed/yield"
"""A page that waits for an answer on a socket, as one does that reads a database."""


@dataclass(frozen=True)
class HttpRequest:
    """One request. ``path`` may have a query; ``headers`` are sent as they are, and never recorded."""

    method: str = "GET"
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Requests:
    """The requests of one application.

    ``ready`` is answered once the application is loaded, and opens no
    connection to the broker. ``cast`` and ``call`` make it use the broker;
    ``page`` and ``yields`` do not: the one waits for nothing, the other for an
    answer on a socket.
    """

    cast: HttpRequest
    call: HttpRequest
    ready: HttpRequest = HttpRequest()
    page: HttpRequest = HttpRequest()
    yields: HttpRequest = HttpRequest(path=YIELD)
    facts: HttpRequest = HttpRequest(path=FACTS)

    def saying(self, headers: tuple[tuple[str, str], ...]) -> Requests:
        """The same, each with these headers besides."""
        every = {each.name: getattr(self, each.name) for each in fields(self)}
        return Requests(**{name: replace(each, headers=(*each.headers, *headers)) for name, each in every.items()})


MINIMAL = Requests(
    cast=HttpRequest(
        "POST",
        f"/v2.1/servers/{SERVER_ID}/action",
        (("Content-Type", "application/json"),),
        json.dumps({"reboot": {"type": "SOFT"}}).encode(),
    ),
    call=HttpRequest(path=f"/v2.1/servers/{SERVER_ID}/diagnostics"),
)
"""Heartbed's own nova-api-like application (``wsgi_app``)."""
