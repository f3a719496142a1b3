"""The main file that uWSGI is started on: the copy of the user's file, and what the testbed needs beside it."""

from __future__ import annotations

from heartbed.places import APP_DIRECTORY, HTTP_PORT
from heartbed.servers.uwsgi.adapted import UwsgiAdapted


def render(files: str, adapted: UwsgiAdapted) -> str:
    """The main file; ``files`` is the folder of the user's files in the container."""
    lines = [
        "# Made by heartbed: your configuration, and the ground that it stands on in the testbed.",
        "[uwsgi]",
        f"ini = {files}/{adapted.source.main.inside}",
        f"home = {APP_DIRECTORY}/venv",
    ]
    if adapted.application.place is None:
        lines.append(f"wsgi-file = {adapted.application.script}")
    if adapted.needs_master:
        lines.append("master = true")
    if not adapted.speaks:
        lines.append(f"http-socket = :{HTTP_PORT}")
    return "\n".join(lines) + "\n"
