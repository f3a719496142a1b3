"""The beginning of the command that plays a server's configuration in the testbed: what is known from its files."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath

from heartbed.look.belonging import Belonging
from heartbed.servers.running import Running

COPY = "copy"
"""The folder for what is copied out of a container; its files keep their places in it."""

NO_SERVER = "it is no server that reads a configuration: there is nothing to check"


def check_command(running: Running | None, belongs: Belonging) -> tuple[str, tuple[str, ...]]:
    """The command, empty where there is none; and what it assumes, or why there is none."""
    if running is None:
        return "", (NO_SERVER,)
    if running.conf is None:
        return "", running.remarks
    if belongs.container is None:
        return shlex.join(["heartbed", "check", running.conf, *running.options]), running.remarks
    check = shlex.join(["heartbed", "check", f"{COPY}{running.conf}", "--root", COPY, *running.options])
    container = belongs.container[:12]
    places = [(folder, f"{COPY}{PurePosixPath(folder).parent}".rstrip("/")) for folder in _folders(running)]
    if belongs.engine is None:
        copies = " and ".join(f"{folder} to {place}/" for folder, place in places)
        said = f"it runs in the container {container} of another engine: first copy {copies} with that engine's means"
        return check, (said, *running.remarks)
    copying = [_copy(belongs.engine, container, folder, place) for folder, place in places]
    return " && ".join((*copying, check)), running.remarks


def _folders(running: Running) -> tuple[str, ...]:
    """Whose files are needed: another container's are not where this host has its own."""
    return str(PurePosixPath(running.conf or "/").parent), *running.beside


def _copy(engine: str, container: str, folder: str, place: str) -> str:
    """Its files keep their places."""
    return f"{shlex.join(['mkdir', '-p', place])} && {shlex.join([engine, 'cp', f'{container}:{folder}', f'{place}/'])}"
