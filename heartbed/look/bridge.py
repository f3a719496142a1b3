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
    if belongs.engine is None:
        said = f"it runs in the container {belongs.container[:12]} of another engine: copy {running.conf} out of it"
        return "", (said, *running.remarks)
    return _copied(running, belongs), running.remarks


def _copied(running: Running, belongs: Belonging) -> str:
    """Copied first: another container's files are not where this host has its own."""
    folder = PurePosixPath(running.conf or "/").parent
    place = f"{COPY}{folder.parent}".rstrip("/")
    source = f"{(belongs.container or '')[:12]}:{folder}"
    copying = f"mkdir -p {shlex.quote(place)} && {belongs.engine} cp {shlex.quote(source)} {shlex.quote(place + '/')}"
    words = ["heartbed", "check", f"{COPY}{running.conf}", "--root", COPY, *running.options]
    return f"{copying} && {shlex.join(words)}"
