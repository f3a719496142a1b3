"""``GET /heartbed/facts``: what this process is in fact, as it finds out about itself.

What a cell was asked to be stands in its environment and proves nothing. What
is told here is read from the process: the MPM from the modules mapped into it,
the mode from mod_wsgi, the patching from eventlet, the heartbeat options from
what the installed oslo.messaging has registered. Ask before the idle period,
never during it: a request wakes the hub of the thread that answers it.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import webob
import webob.dec
from oslo_config import cfg

from wsgi_app import hosts, natives, patching
from wsgi_app.faults import method_not_allowed
from wsgi_app.installed import OTHERS, PACKAGES, installed, sources
from wsgi_app.patching import is_patched
from wsgi_app.snapshot import stacks

PROC = Path("/proc")
MODULES_PATCHED = ("os", "select", "socket", "thread", "time", "subprocess", "psycopg", "MySQLdb", "builtins")
"""What eventlet can patch, by its own names."""


@dataclass(frozen=True)
class Process:
    """What the process is in fact, whatever it runs. ``None`` where something does not exist or cannot be told."""

    application: str | None  # which of those that Heartbed knows; None for a user's own

    # The process
    cell: str | None  # the cell's name: the one thing that is only asked for
    pid: int  # as numbered inside the container
    ppid: int
    os_thread: int  # OS thread that answered this request, as gettid(2)
    thread: str  # its name in Python's threading
    python_threads: int  # OS threads that are in Python or have been

    # The server
    server: str | None  # the MPM under httpd, else uwsgi or gunicorn
    options: dict[str, str]  # what is known of the server's own settings, by the names of Heartbed's axes
    app_threads: bool | None  # whether uWSGI lets the application's threads run; None elsewhere
    server_software: str | None  # as httpd puts it into a request
    mpm: str | None  # prefork, event or worker: the mod_mpm_*.so mapped into this process
    mpms_mapped: list[str]  # all of them; more than one would be wrong

    # mod_wsgi
    mode: str | None  # embedded or daemon
    process_group: str | None  # empty when embedded
    application_group: str | None  # empty for the main interpreter, which is %{GLOBAL}
    processes: int | None  # that run the application: daemon processes as configured, embedded as they are now
    threads: int | None  # request threads of each
    multithread: bool  # what WSGI says to the application
    multiprocess: bool

    # The execution model
    model: str  # eventlet or gevent, whichever has patched threads, else native
    patched: dict[str, bool]  # module -> whether eventlet has replaced it
    eventlet_imported: bool
    hub: str | None  # class of the hub of the thread that answered; None when it has none

    # Versions
    python: str  # the first two parts of what runs this, as 3.13
    versions: dict[str, str]  # python, httpd, mod_wsgi and each package that matters -> version
    sources: dict[str, str]  # package -> commit or contents, of those that the user has brought


@dataclass(frozen=True)
class Facts(Process):
    """The same, with what an application has of oslo.messaging."""

    heartbeat_timeout_threshold: int  # seconds; 0 is no heartbeat
    heartbeat_rate: float  # checks for each timeout
    heartbeat_in_pthread_exists: bool  # whether this oslo.messaging has the option
    heartbeat_in_pthread: bool | None  # its value in force
    rpc_response_timeout: int | None  # seconds; None for one that only notifies
    conn_pool_min_size: int  # connections that the pool keeps however old they are
    conn_pool_size: int  # connections that the pool may hold
    conn_pool_ttl: int  # seconds after which it may drop the others
    transport_driver: str | None  # rabbit


def process(environ: Mapping[str, Any], application: str | None = None) -> Process:
    """Find out what no library must tell. ``environ`` is the WSGI environment of the request that asks."""
    other = hosts.host(environ)
    mpms = mpms_in((PROC / "self" / "maps").read_text())
    mpm = mpms[0] if len(mpms) == 1 else None
    wsgi = sys.modules.get("mod_wsgi")
    group = getattr(wsgi, "process_group", None)
    return Process(
        application=application,
        cell=os.environ.get("HEARTBED_CELL"),
        pid=os.getpid(),
        ppid=os.getppid(),
        os_thread=natives.get_native_id(),
        thread=threading.current_thread().name,
        python_threads=len(stacks()),
        server=other.server if other else mpm,
        options=other.options if other else {},
        app_threads=other.app_threads if other else None,
        server_software=environ.get("SERVER_SOFTWARE"),
        mpm=mpm,
        mpms_mapped=mpms,
        mode=None if group is None else ("daemon" if group else "embedded"),
        process_group=group,
        application_group=getattr(wsgi, "application_group", None),
        processes=_processes(wsgi, other),
        threads=other.threads if other else getattr(wsgi, "threads_per_process", None),
        multithread=bool(environ.get("wsgi.multithread")),
        multiprocess=bool(environ.get("wsgi.multiprocess")),
        model=patching.model(),
        patched={module: is_patched(module) for module in MODULES_PATCHED},
        eventlet_imported="eventlet" in sys.modules,
        hub=_hub(),
        python=".".join(str(part) for part in sys.version_info[:2]),
        versions=_versions(environ, other),
        sources=sources(PACKAGES),
    )


def gather(environ: Mapping[str, Any], conf: cfg.ConfigOpts, application: str | None = None) -> Facts:
    """Find out. Raises ``cfg.NoSuchOptError`` where oslo.messaging has not registered its options in ``conf``."""
    rabbit = conf.oslo_messaging_rabbit
    return Facts(
        **vars(process(environ, application)),
        heartbeat_timeout_threshold=rabbit.heartbeat_timeout_threshold,
        heartbeat_rate=rabbit.heartbeat_rate,
        heartbeat_in_pthread_exists="heartbeat_in_pthread" in rabbit,
        heartbeat_in_pthread=getattr(rabbit, "heartbeat_in_pthread", None),
        rpc_response_timeout=getattr(conf, "rpc_response_timeout", None),
        conn_pool_min_size=rabbit.conn_pool_min_size,
        conn_pool_size=rabbit.rpc_conn_pool_size,
        conn_pool_ttl=rabbit.conn_pool_ttl,
        transport_driver=driver_of(conf.transport_url),
    )


def _processes(wsgi: Any, other: hosts.Host | None) -> int | None:
    if getattr(wsgi, "process_group", None):
        return int(wsgi.maximum_processes)
    if other and other.processes is not None:
        return other.processes
    return siblings() if wsgi or other else None


def mpms_in(maps: str) -> list[str]:
    """The MPMs among the files in the text of ``/proc/<pid>/maps``."""
    return sorted(set(re.findall(r"/mod_mpm_(\w+)\.so$", maps, re.MULTILINE)))


def siblings() -> int:
    """How many children httpd has: the processes of an embedded application.

    mod_wsgi's ``maximum_processes`` does not tell: under event and worker it is how many had been started when this
    one asked.
    """
    parents = [_parent(entry) for entry in PROC.iterdir() if entry.name.isdigit()]
    return parents.count(os.getppid())


def _parent(process: Path) -> int | None:
    """The parent's pid, from ``/proc/<pid>/stat``: the second field after the name, which may hold anything."""
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None  # ended meanwhile


def driver_of(url: str | None) -> str | None:
    """``rabbit`` of ``rabbit://user:password@host:5672/``; the rest is nobody's business."""
    return url.partition(":")[0] if url else None


def httpd_version(server_software: str | None) -> str | None:
    """``2.4.68`` of ``Apache/2.4.68 (Debian) mod_wsgi/6.1.1``."""
    found = re.match(r"Apache/(\S+)", server_software or "")
    return found[1] if found else None


def _hub() -> str | None:
    """The class of this thread's hub. Looks where eventlet and gevent keep it, because asking them would make one."""
    eventlets = getattr(sys.modules.get("eventlet.hubs"), "_threadlocal", None)
    gevents = getattr(sys.modules.get("gevent._hub_local"), "get_hub_if_exists", lambda: None)
    hub = getattr(eventlets, "hub", None) or gevents()
    return f"{type(hub).__module__}.{type(hub).__qualname__}" if hub is not None else None


def _versions(environ: Mapping[str, Any], other: hosts.Host | None) -> dict[str, str]:
    found = {"python": platform.python_version()}
    if other and other.version:
        found[other.server] = other.version
    if version := httpd_version(environ.get("SERVER_SOFTWARE")):
        found["httpd"] = version
    if version := environ.get("mod_wsgi.version"):
        found["mod_wsgi"] = ".".join(str(part) for part in version)
    return found | installed((*PACKAGES, *OTHERS))


class FactsApp:
    """The endpoint."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf

    @webob.dec.wsgify
    def __call__(self, request: webob.Request) -> webob.Response:
        """The facts as JSON."""
        if request.method not in ("GET", "HEAD"):
            raise method_not_allowed(request.method, "GET, HEAD")
        return webob.Response(
            json_body=asdict(gather(request.environ, self._conf, "minimal")), content_type="application/json"
        )


def app_factory(global_conf: dict[str, str], **local_conf: str) -> Any:
    """For paste.deploy."""
    return FactsApp(cfg.CONF)
