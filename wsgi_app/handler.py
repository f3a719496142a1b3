"""The application where only the URL as a whole says what was asked for.

So it is where a WSGIHandlerScript calls it, such as the one that mod_wsgi-express
writes: httpd takes the first parts of the path for the name of a file then. And
so it is where a WSGIScriptAliasMatch takes the whole URL. ``HEARTBED_MOUNT`` is
what of it is in front of the application's own paths.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def as_handler(application: Wsgi) -> Wsgi:
    """The application, told its paths from the whole of what was asked for."""
    mount = os.environ.get("HEARTBED_MOUNT", "")

    def handle_request(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        whole = unquote(environ["REQUEST_URI"].partition("?")[0])
        if whole.startswith(mount):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = mount, whole[len(mount) :]
        return application(environ, start_response)

    return handle_request


def told_its_mount(application: Wsgi) -> Wsgi:
    """The application where a server may leave out an empty SCRIPT_NAME, which Paste's URL map wants to be there.

    PEP 3333 has it so, and uWSGI does it over HTTP under ``manage-script-name``.
    """

    def run(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ.setdefault("SCRIPT_NAME", "")
        return application(environ, start_response)

    return run


def told_its_path(application: Wsgi) -> Wsgi:
    """The application as an alias calls it: its path is told by httpd, unless ``HEARTBED_MOUNT`` is set."""
    return as_handler(application) if "HEARTBED_MOUNT" in os.environ else application
