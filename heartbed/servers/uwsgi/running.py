"""uWSGI as it runs on a host."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from heartbed.servers.running import Program, Running, beside_file, variables

FILES = ("--ini", "-i", "--yaml", "--yml", "-y", "--xml", "-x", "--json", "-j")
SUFFIXES = (".ini", ".yaml", ".yml", ".xml", ".json")
NAMED = re.compile(r"\$\((\w+)\)|\bif-(?:not-)?env\s*=\s*(\w+)")
"""How a file of uWSGI's names a variable of the environment."""


def running(program: Program) -> Running | None:
    """What is known of a process that is uWSGI's; None for any other."""
    if not _is_uwsgi(program):
        return None
    leader = program.leader(_is_uwsgi)
    server = "uWSGI" if program.pid != leader.pid else "uWSGI, a single process or the master"
    conf = _conf(leader)
    if conf is None:
        said = "its options are on its command line and not in a file: write them into one for heartbed check"
        return Running(server, leader, remarks=(said,))
    options, remarks = variables(leader, conf, NAMED, SUFFIXES)
    return Running(server, leader, conf, options, (*beside_file(leader, *FILES), *remarks))


def _is_uwsgi(program: Program) -> bool:
    name = PurePosixPath(program.exe).name if program.exe else program.name
    return name.startswith("uwsgi") or program.mapped(r"pyuwsgi\..*so") is not None


def _conf(leader: Program) -> str | None:
    named = leader.option(*FILES)
    if named is None:
        named = next((word for word in leader.words[1:] if word.endswith(SUFFIXES)), None)
    return leader.path(re.sub(r":[^/:]*$", "", named)) if named else None
