"""gunicorn as it runs on a host."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from heartbed.files import is_regular
from heartbed.servers.running import Program, Running, beside_file, variables

DEFAULT = "gunicorn.conf.py"
FILES = ("-c", "--config")
TITLE = "gunicorn:"
"""The first word of the title that it gives itself where setproctitle is installed."""

RENAMED = "gunicorn has written a title over its command line and environment"
ON_COMMAND_LINE = "its options are on its command line and not in a file: write them into one for heartbed check"

NAMED = re.compile(r"""\b(?:environ(?:\.get)?|getenv)\s*[\[(]\s*["'](\w+)["']""")
"""How Python asks for a variable of the environment."""


def running(program: Program) -> Running | None:
    """What is known of a process that is gunicorn's; None for any other."""
    if not _is_gunicorn(program):
        return None
    leader = program.leader(_is_gunicorn)
    titled = leader.words[:1] == [TITLE]
    named = leader.option(*FILES) or DEFAULT
    conf = leader.path(named.removeprefix("file:"))
    if not is_regular(leader.root / conf.lstrip("/")):
        said = f"{RENAMED}, so its configuration file is not known: name it to heartbed check"
        return Running("gunicorn", leader, remarks=(said if titled else ON_COMMAND_LINE,))
    options, remarks = variables(leader, conf, NAMED)
    if titled:
        return Running("gunicorn", leader, conf, options, (f"{RENAMED}: {DEFAULT} is read unless that named another",))
    return Running("gunicorn", leader, conf, options, (*beside_file(leader, "-m", *FILES), *remarks))


def _is_gunicorn(program: Program) -> bool:
    """By the script that Python runs, or by the title that gunicorn gives itself where setproctitle is installed."""
    words = program.words[:3]
    return any(PurePosixPath(word).name.rstrip(":") == "gunicorn" for word in words)
