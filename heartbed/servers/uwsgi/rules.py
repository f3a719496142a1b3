"""The rules by which one option of a user's is replaced in the testbed, and the reason of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from heartbed.servers.uwsgi.ini import Option

HTTP = ("http", "http-socket", "http11-socket")
TLS = {"https": "http", "https-socket": "http-socket"}
"""Option -> the one that does the same without TLS."""

UWSGI = ("socket", "uwsgi-socket")
FILES = ("wsgi-file", "file")
"""Options that name the application as a file."""

APPLICATIONS = (*FILES, "module", "wsgi", "mount", "paste", "ini-paste", "ini-paste-logged", "pyrun")
PROCESSES = ("processes", "workers")
LAZY = ("lazy-apps", "lazy")
THREADS = "threads"
PATCHES = ("gevent-monkey-patch", "gevent-early-monkey-patch")
"""Options by which uWSGI patches the process with gevent: when its loop starts, and before an application is loaded."""

GEVENT = ("gevent", "gevent-wait-for-hub", *PATCHES)
LOOP = ("loop", "async")
"""Options of the loop engine, which ``gevent`` sets both."""

PROTOCOLS = ("protocol", "socket-protocol")
"""Options that name what sockets speak of which no other line says it; of several the last one holds."""

SPOKEN = ("uwsgi", "http", "http11")
OTHER_PROTOCOLS = ("puwsgi", "suwsgi", "https", "fastcgi", "fastcgi-nph", "scgi", "scgi-nph")
"""Protocols of uWSGI's that the testbed speaks, and others: read from the source of 2.1, core/socket.c."""

OTHER_SOCKETS = (
    *("fastcgi-socket", "fastcgi-nph-socket", "scgi-socket", "scgi-nph-socket", "puwsgi-socket", "suwsgi-socket"),
    *("ssl-socket", "zeromq", "zmq", "zeromq-socket", "zmq-socket"),
)
"""Options that name an address at which the testbed cannot ask."""

OTHER_PROTOCOL = "the testbed asks over HTTP or the uwsgi protocol: the same workers answer, whichever brings a request"
RAW = "hands connections to a function, and no request to a WSGI application: this form is not covered"

RELOADS = ("py-auto-reload", "py-autoreload", "python-auto-reload", "python-autoreload")
"""One option of the Python plugin's, by all its names: reload where a module's file has changed."""

MASTER = (
    *("master", "stats", "cheap", "touch-", "fs-", "logger", "req-logger", "log-syslog", "log-maxsize", "log-master"),
    *("log-encoder", "log-req-encoder", "mule", "farm", "spooler", "attach-daemon", "smart-attach-daemon", "idle"),
    *("alarm", "cron", "snmp", "subscribe", *RELOADS, "py-tracebacker"),
)
"""First letters of the options for which uWSGI starts its master. Found by starting 2.0.31 with each."""

_USERS = "uWSGI runs as an ordinary user"
_PYTHON = "the testbed's own Python and application"
_COMPILED = "compiled into the testbed's uWSGI"
_LOGS = "logs go to the container's log"
_OWN = "the testbed's own place for it"
_STEADY = "no process comes or goes while it is watched"
_PROGRAMS = "a program or a watched file of your machine"
_LIMITS = "the container's limits hold"
_ELSE = "it serves no requests"
_ROUTES = "the testbed's uWSGI has no routing"

DROPPED: Mapping[str, str] = {
    **dict.fromkeys(("uid", "gid", "chown-socket", "add-gid", "chroot", "immediate-uid", "immediate-gid"), _USERS),
    **dict.fromkeys(("home", "virtualenv", "venv", "pyhome", "pythonpath", "python-path", "pp"), _PYTHON),
    **dict.fromkeys(("chdir", "chdir2", "import", "pyimport", "py-import", "python-import"), _PYTHON),
    **dict.fromkeys(("shared-import", "shared-pyimport", "shared-py-import", "shared-python-import"), _PYTHON),
    **dict.fromkeys(("pymodule-alias", "py-auto-reload-ignore", "py-tracebacker", *RELOADS), _PYTHON),
    **dict.fromkeys(("plugin", "plugins", "need-plugin", "need-plugins"), _COMPILED),
    **dict.fromkeys(("plugin-dir", "plugins-dir", "autoload"), _COMPILED),
    **dict.fromkeys(("logto", "logto2", "logger", "req-logger", "daemonize", "daemonize2"), _LOGS),
    **dict.fromkeys(("logfile-chmod", "logfile-chown", "log-maxsize", "log-backupname", "log-syslog"), _LOGS),
    **dict.fromkeys(("pidfile", "pidfile2", "safe-pidfile", "safe-pidfile2", "master-fifo"), _OWN),
    **dict.fromkeys(("listen", "cgroup", "namespace", "cap", "limit-as", "cpu-affinity"), _LIMITS),
    **dict.fromkeys(("http-to", "abstract-socket", "shared-socket", "undeferred-shared-socket", "map-socket"), _OWN),
    **dict.fromkeys(OTHER_SOCKETS, OTHER_PROTOCOL),
    **dict.fromkeys(("spooler", "mule", "mules", "farm", "cron", "legion"), _ELSE),
}
"""Option -> why it is left out."""

DROPPED_PREFIXES = (
    ("cheaper", _STEADY),
    ("stats", _OWN),
    ("touch-", _PROGRAMS),
    ("fs-", _PROGRAMS),
    ("exec-", _PROGRAMS),
    ("attach-daemon", _PROGRAMS),
    ("smart-attach-daemon", _PROGRAMS),
    ("spooler-", _ELSE),
    ("route", _ROUTES),
    ("ssl-", "TLS is off: the testbed has no certificates, and asks over HTTP"),
)
"""First letters of options that are left out."""

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("emperor", "vassals", "zerg", "zerg-server"), "starts other instances: name the file of one"),
    **dict.fromkeys(
        ("asyncio", "async", "ugreen", "greenlet", "tornado", "loop"),
        "is a loop engine of uWSGI's, which this testbed does not cover",
    ),
    "raw-socket": RAW,
}
"""Option -> why a configuration with it cannot be checked."""


OTHER_PROGRAMS = (
    *("psgi", "perl", "rack", "ruby", "rails", "rb", "php", "lua", "cgi", "jvm", "jwsgi", "ring", "clojure", "servlet"),
    *("mono", "v8", "erl", "gccgo", "go", "rados", "gridfs", "glusterfs", "fastrouter", "rawrouter", "sslrouter"),
    *("forkptyrouter", "tuntap", "http-to", "http-subscription-server", "subscription-server", "symcall"),
    *("pypy", "wstcp", "stackless"),
)
"""Options, and the first words of others, of what uWSGI runs beside WSGI applications in CPython."""

_OTHER_PROGRAM = re.compile(rf"(?:{'|'.join(OTHER_PROGRAMS)})(?:-|\Z)")


def runs_something_else(option: Option) -> bool:
    """Whether an option has uWSGI run what is no WSGI application: another language, a router."""
    if option.key in ("plugin", "plugins", "need-plugin", "need-plugins"):
        return any(_OTHER_PROGRAM.match(name.strip().rpartition("/")[2]) for name in option.value.split(","))
    return _OTHER_PROGRAM.match(option.key) is not None


IF_ENV, END_IF = ("if-env", "ifenv"), ("endif", "end-if")
"""Options that ask for a variable of the environment, and that end what hangs on a condition, by all their names."""


def has_gevents_loop(options: Iterable[Option]) -> bool:
    """Whether a configuration has uWSGI run gevent's loop in the place of its own."""
    return any(o.key == "gevent" or (o.key == "loop" and o.value == "gevent") for o in options)


def unconditional(options: Iterable[Option]) -> Iterator[Option]:
    """Those that do not stand between an ``if`` and its ``endif``."""
    depth = 0
    for option in options:
        depth += option.key.startswith("if")
        if not depth:
            yield option
        depth -= option.key in END_IF


def ruled_out(options: Sequence[Option], defined: Mapping[str, str]) -> list[bool]:
    """Of each option, whether a condition on a variable of the environment that is defined keeps it from being read.

    What is not defined may yet be the container's own: that is not decided here. uWSGI has no ``else`` before 2.1.
    """
    found, blocks = [], list[bool]()
    for option in options:
        if option.key.startswith("if"):
            blocks.append(_is_false(option, defined))
        found.append(any(blocks))
        if option.key in END_IF and blocks:
            blocks.pop()
    return found


def reached(options: Sequence[Option], defined: Mapping[str, str]) -> list[Option | None]:
    """Of each option, what it is where it is read; None where a condition keeps it from that.

    ``%(_)`` behind an ``if-env`` is that variable's value.
    """
    found: list[Option | None] = []
    value = ""
    for option, out in zip(options, ruled_out(options, defined), strict=True):
        if option.key.startswith("if") or option.key in END_IF:
            value = defined.get(option.value.partition("=")[0], "") if option.key in IF_ENV else ""
        meant = replace(option, value=option.value.replace("%(_)", value)) if value else option
        found.append(None if out else meant)
    return found


def _is_false(condition: Option, defined: Mapping[str, str]) -> bool:
    """Whether a condition does not hold; ``NAME`` asks whether it is there, ``NAME=VALUE`` what it is."""
    name, equals, value = condition.value.partition("=")
    if not is_decided(condition, defined):
        return False
    return (not equals or defined[name] == value) is (condition.key == "if-not-env")


def is_decided(condition: Option, defined: Mapping[str, str]) -> bool:
    """Whether a condition is on a variable of the environment that is defined."""
    return condition.key in (*IF_ENV, "if-not-env") and condition.value.partition("=")[0] in defined


def is_no_number(option: Option) -> bool:
    """Whether an option names as many processes as no variable can make a number of."""
    return option.key in PROCESSES and not re.match(r"\s*[+-]?\d|.*[$%]", option.value)


def dropped(option: Option) -> str:
    """Why an option is left out of the copy; empty for one that stays."""
    if reason := DROPPED.get(option.key):
        return reason
    if option.key == "env" and option.value.startswith(("OS_", "HEARTBED_")):
        return "the testbed sets these variables itself: what is taken of yours is in the cell's environment"
    if option.key.startswith("hook-") and option.value.startswith(("exec:", "mount:", "umount:", "writefifo:")):
        return _PROGRAMS
    return next((reason for prefix, reason in DROPPED_PREFIXES if option.key.startswith(prefix)), "")
