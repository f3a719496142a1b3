"""gunicorn as it runs on a host."""

from __future__ import annotations

from pathlib import PurePosixPath

from heartbed.files import is_regular
from heartbed.servers.running import Program, Running

DEFAULT = "gunicorn.conf.py"


def running(program: Program) -> Running | None:
    """What is known of a process that is gunicorn's; None for any other."""
    if not _is_gunicorn(program):
        return None
    leader = program.leader(_is_gunicorn)
    named = leader.option("-c", "--config") or DEFAULT
    conf = leader.path(named.removeprefix("file:"))
    if not is_regular(leader.root / conf.lstrip("/")):
        said = "its options are on its command line and not in a file: write them into one for heartbed check"
        return Running("gunicorn", leader, remarks=(said,))
    return Running("gunicorn", leader, conf)


def _is_gunicorn(program: Program) -> bool:
    """By the script that Python runs, or by the title that gunicorn gives itself where setproctitle is installed."""
    words = program.words[:3]
    return any(PurePosixPath(word).name.rstrip(":") == "gunicorn" for word in words)
