"""Who asks, for an application that has no keystone to tell it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Admin:
    """What keystone's ``authtoken`` would say of each request: that an administrator sends it.

    The user is the cell, so that whoever gets a message knows where it comes from.
    """

    def __init__(self, app: Wsgi) -> None:
        self._app = app
        self._user = os.environ.get("HEARTBED_SUBJECT", "heartbed")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Pass the request on with its identity."""
        environ.update({"HTTP_X_USER_ID": self._user, "HTTP_X_PROJECT_ID": "heartbed", "HTTP_X_ROLES": "admin"})
        return self._app(environ, start_response)
