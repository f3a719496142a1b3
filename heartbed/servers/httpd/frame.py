"""What stands around the copy of a user's configuration: the main file that httpd is started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from heartbed.candidates.adapted import COPY
from heartbed.places import APP_DIRECTORY, HTTP_PORT
from heartbed.servers.httpd import modules
from heartbed.servers.httpd.adapt import FILES
from heartbed.servers.httpd.source import VARIABLES

ACCESS = r"[%{%F %T}t.%{usec_frac}t] [access] [pid %P] %>s %Dus \"%r\" %{X-Heartbed-Pid}o:%{X-Heartbed-Thread}o"
"""As in apache_conf/httpd.conf."""


@dataclass(frozen=True)
class Size:
    """How many of the MPM's children there are, and how many threads each has."""

    children: int
    threads: int


@dataclass(frozen=True)
class Ground:
    """What stands around a copy: the MPM, modules to load, variables that httpd is started with, further ports."""

    mpm: str
    load: Sequence[str]
    given: Mapping[str, str]
    ports: Sequence[int] = ()
    size: Size | None = None
    """The MPM's size, where it is fixed."""
    main_interpreter: bool = False


def render(label: str, main: str, ground: Ground) -> str:
    """The main configuration: the testbed's ground, and the user's file ``main`` on it."""
    mpm = ground.mpm
    head = [
        "# Made by heartbed: the ground that your configuration stands on in the testbed.",
        'ServerRoot "/usr/lib/apache2"',
        "ServerName heartbed",
        *(f"Listen {port}" for port in (HTTP_PORT, *ground.ports)),
        'DefaultRuntimeDir "/run/heartbed"',
        'PidFile "/run/heartbed/httpd.pid"',
        "Mutex file:/run/heartbed default",
        f"LoadModule mpm_{mpm}_module {modules.MODULES_FOLDER}/mod_mpm_{mpm}.so",
        *(f"LoadModule {name}_module {modules.MODULES_FOLDER}/mod_{name}.so" for name in ground.load),
        f"LoadModule wsgi_module {modules.MOD_WSGI}",
        'ErrorLog "/dev/stderr"',
        'ErrorLogFormat "[%{cu}t] [%-m:%l] [pid %P:tid %{g}T] %M"',
        "LogLevel info",
        f'LogFormat "{ACCESS}" heartbed',
        'LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{Referer}i\\" \\"%{User-Agent}i\\"" combined',
        'LogFormat "%h %l %u %t \\"%r\\" %>s %b" common',
        'CustomLog "/dev/stdout" heartbed',
        f'WSGIPythonHome "{APP_DIRECTORY}/venv"',
        'WSGISocketPrefix "/run/heartbed/wsgi"',
        *(["WSGIApplicationGroup %{GLOBAL}"] if ground.main_interpreter else []),
        *(_define(name, value) for name, value in {**VARIABLES, **ground.given}.items()),
        f'Define HEARTBED_FILES "{COPY}/{label}/files"',
        "# Your configuration.",
        f'Include "{FILES}/{main}"',
        '<IfModule mime_module>\nTypesConfig "/dev/null"\n</IfModule>',
        *(_sizes(mpm, ground.size) if ground.size else []),
    ]
    return "\n".join(head) + "\n"


def _define(name: str, value: str) -> str:
    return f'Define {name} "{value}"' if value else f"Define {name}"


def _sizes(mpm: str, size: Size) -> list[str]:
    workers = size.children * size.threads
    common = ["# As many children as are looked at, none started or reaped later."]
    common += [f"StartServers {size.children}", f"ServerLimit {max(size.children, 16)}"]
    if mpm == "prefork":
        return [*common, "MinSpareServers 1", f"MaxSpareServers {size.children}", f"MaxRequestWorkers {size.children}"]
    return [
        *common,
        f"ThreadLimit {size.threads}",
        f"ThreadsPerChild {size.threads}",
        "MinSpareThreads 1",
        f"MaxSpareThreads {workers}",
        f"MaxRequestWorkers {workers}",
    ]
