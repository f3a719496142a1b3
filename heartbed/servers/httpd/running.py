"""httpd as it runs on a host: the MPM by its module, the mode by the socket of mod_wsgi's daemon processes."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from heartbed.files import is_folder, is_regular
from heartbed.servers.httpd.lines import VARIABLE, directives
from heartbed.servers.running import Program, Running, read_conf, variables

NAMES = ("apache2", "httpd", "httpd.worker", "httpd.event")
DAEMON_SOCKET = re.compile(r".*\.\d+\.\d+\.\d+\.sock")
"""Of a daemon process, on which it listens for httpd's children: prefix, httpd's pid, generation, number."""

BUILT_IN = {
    "apache2": ("/etc/apache2/apache2.conf",),
    "httpd": ("/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf"),
}
"""Where the distributions' builds look where -f names no file."""

SUFFIXES = (".conf", ".load")
LITERAL = re.compile(r"[^*?\[\]$]*")
"""What an Include begins with that stands for itself: neither a pattern nor a variable."""

SHALLOWEST = 3
"""Parts of a folder's path from which on it is one of a server's, as /etc/httpd: above it is the whole machine's."""


def running(program: Program) -> Running | None:
    """What is known of a process that is httpd's; None for any other."""
    if not _is_httpd(program):
        return None
    leader = program.leader(_is_httpd)
    mpm = program.mapped(r"mod_mpm_(\w+)\.so")
    group = _group(program, leader)
    mode = f", mod_wsgi daemon process{f' {group}' if group else ''}" if group is not None else ""
    if not mode and program.mapped(r"mod_wsgi.*\.so") and program.pid != leader.pid:
        mode = ", mod_wsgi embedded"
    server = f"httpd, {f'{mpm} MPM' if mpm else 'MPM built in'}{mode}"
    conf = _conf(leader)
    if conf is None:
        return Running(server, leader, remarks=("its configuration file is not known: name it to heartbed check",))
    options, remarks = variables(leader, conf, VARIABLE, SUFFIXES)
    defines = [word for name in _defines(leader) for word in ("--define", name)]
    mpm_option = () if mpm is None else ("--mpm", mpm)
    return Running(server, leader, conf, (*mpm_option, *defines, *options), remarks, _beside(leader, conf))


def _is_httpd(program: Program) -> bool:
    return PurePosixPath(program.exe).name in NAMES if program.exe else program.name in NAMES


def _group(program: Program, leader: Program) -> str | None:
    """The display name of a daemon process, empty where it has none; None for a process that is none."""
    if program.pid == leader.pid or not any(DAEMON_SOCKET.fullmatch(path) for path in program.listens):
        return None
    first = program.words[0] if program.words else ""
    return "" if first.startswith("/") or first in NAMES else first


def _conf(leader: Program) -> str | None:
    named = leader.option("-f")
    if named:
        root = leader.option("-d") or ""
        return leader.path(str(PurePosixPath(root) / named) if root else named)
    places = BUILT_IN.get(PurePosixPath(leader.exe).name, ())
    return next((place for place in places if is_regular(leader.root / place.lstrip("/"))), None)


def _beside(leader: Program, conf: str) -> tuple[str, ...]:
    """The folders outside of the file's own that it includes something of itself, as far as they are there."""
    lines = [d for d in directives(read_conf(leader, conf).splitlines()) if d.words]
    root = next((d.words[0] for d in lines if d.key == "serverroot"), leader.option("-d") or "/")
    found: dict[str, None] = {}
    for d in lines:
        if d.key in ("include", "includeoptional") and (match := LITERAL.match(d.words[0])):
            path = PurePosixPath(root) / match[0]
            folder = path if match[0].endswith("/") else path.parent
            outside = not folder.is_relative_to(PurePosixPath(conf).parent)
            if outside and len(folder.parts) >= SHALLOWEST and is_folder(leader.root / str(folder).lstrip("/")):
                found[str(folder)] = None
    return tuple(found)


def _defines(leader: Program) -> list[str]:
    """Names that httpd was given with -D, but for those that only say how it starts."""
    words = leader.words
    given = [words[n + 1] for n, word in enumerate(words[:-1]) if word == "-D"]
    given += [word[2:] for word in words if word.startswith("-D") and len(word) > 2]
    return [name for name in given if name not in ("FOREGROUND", "NO_DETACH", "DEBUG", "ONE_PROCESS")]
