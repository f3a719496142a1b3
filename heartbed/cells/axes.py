"""What can be chosen in a cell: one table, a row a choice. Whoever needs to know a choice asks ``TABLE``.

A row here is all that an axis, a library or a parameter takes for the names of cells and images, the answer, the
disagreements, the matrix, the report and the command line. A server takes its row and its folder in
``heartbed.servers``.
"""

from __future__ import annotations

from heartbed.cells import python
from heartbed.cells.app import APP
from heartbed.cells.axis import Axis
from heartbed.cells.loops import GUNICORN, LOOP, WORKERS
from heartbed.cells.models import MODEL, THREAD
from heartbed.cells.observed import Observed
from heartbed.cells.rows import Library, Limit, Parameter, Releases, Server
from heartbed.cells.table import Table
from heartbed.versions.releases import RELEASES

DEFAULT_OSLO = "17.3.2"
"""The last series of oslo.messaging that has ``heartbeat_in_pthread``."""

LONGEST_HEARTBEAT_S = 60
"""RabbitMQ's own: of two timeouts the smaller counts, so that a longer one would be as this (rabbitmq.conf)."""

CONTROL = "standalone-native"
"""The cell that is outside every server, and on native threads: nothing is wrong with it by itself."""

APPLICATION_IMAGE = "apache"
"""The folder in images/ of the image that has the application; those of other servers are built on it."""

MPM_THREADS = {"embedded": 25}
"""httpd's own ThreadsPerChild, which is the application's where it runs in httpd's children."""

HTTPD_FILES = ("apache2", "httpd", "mod_*")
HTTPD_WAITS = {
    r"ap_queue_pop\w*|worker_thread": "the MPM's queue",
    "child_main": "the MPM",
    r"wsgi_\w+": "mod_wsgi",
}

SERVERS = (
    Server(
        "prefork",
        "httpd, one single-threaded child process a request",
        family="httpd",
        environment={"HEARTBED_MPM": "prefork"},
        native=HTTPD_FILES,
        waits=HTTPD_WAITS,
    ),
    Server(
        "event",
        "httpd, child processes with worker threads and a listener",
        family="httpd",
        threads=MPM_THREADS,
        environment={"HEARTBED_MPM": "event"},
        native=HTTPD_FILES,
        waits=HTTPD_WAITS,
    ),
    Server(
        "worker",
        "httpd, child processes with worker threads",
        family="httpd",
        threads=MPM_THREADS,
        environment={"HEARTBED_MPM": "worker"},
        native=HTTPD_FILES,
        waits=HTTPD_WAITS,
    ),
    Server(
        "uwsgi",
        "uWSGI with a master, as OpenStack deploys it",
        family="uwsgi",
        native=("uwsgi",),
        waits={r"uwsgi_\w+|simple_loop\w*": "uWSGI"},
    ),
    Server("gunicorn", "gunicorn with an arbiter", family="gunicorn"),
    Server(
        "standalone",
        "no web server: Python's wsgiref, one process, an OS thread a request",
        family="standalone",
        recycles=False,
    ),
)

MPMS = tuple(each.token for each in SERVERS if each.family == "httpd")
"""Servers that are Apache httpd under one of its MPMs; mod_wsgi and its mode are theirs alone."""


def server_axis(servers: tuple[Server, ...]) -> Axis:
    """The axis of the servers."""
    return Axis(
        "server",
        "the server",
        {each.token: each.meaning for each in servers},
        named=True,
        environment={each.token: each.environment for each in servers},
        observed=Observed("the server", ("server", "mpm")),
        titles={"the MPM": MPMS},
    )


AXES = (
    server_axis(SERVERS),
    Axis(
        "mode",
        "mod_wsgi's mode",
        {
            "daemon": "mod_wsgi runs the application in WSGIDaemonProcess processes",
            "embedded": "mod_wsgi runs the application inside httpd's own children",
        },
        servers=MPMS,
        label="mod_wsgi mode",
        named=True,
        observed=Observed("the mod_wsgi mode", ("mode",)),
    ),
    MODEL,
    THREAD,
    APP,
    python.PYTHON,
    Axis(
        "loading",
        "when the application is loaded",
        {
            "lazy": "each process loads the application after it was forked",
            "preload": "the application is loaded once, before the processes are forked",
        },
        servers=("uwsgi", "gunicorn"),
        environment={"lazy": {"HEARTBED_LAZY": "true"}, "preload": {"HEARTBED_LAZY": "false"}},
    ),
    Axis(
        "front",
        "what stands in front of uWSGI",
        {
            "direct": "uWSGI speaks HTTP itself",
            "proxied": "httpd with mod_proxy_uwsgi in front, as devstack has it",
        },
        servers=("uwsgi",),
        environment={"direct": {}, "proxied": {"HEARTBED_FRONT": "proxied", "HEARTBED_PROXIED": "true"}},
    ),
    LOOP,
    WORKERS,
)

LIBRARIES = (
    Library("oslo", "oslo.messaging", DEFAULT_OSLO),
    Library("eventlet", "eventlet", "0.41.3"),
    Library("kombu", "kombu", "5.7.0"),
    Library("amqp", "amqp", "5.4.2"),
    Library("mod_wsgi", "mod_wsgi", "6.1.1", servers=MPMS),
    Library("uwsgi", "uwsgi", "2.0.31", servers=("uwsgi",), beside=True, compiled=True),
    Library("gunicorn", "gunicorn", GUNICORN, servers=("gunicorn",), beside=True),
)

PARAMETERS = (
    Parameter(
        "processes",
        1,
        32,
        "processes that run the application",
        "the number of processes",
        variable="HEARTBED_PROCESSES",
    ),
    Parameter(
        "threads",
        1,
        256,
        "worker threads in each of them",
        "the number of threads",
        variable="HEARTBED_THREADS",
        observed=Observed("threads a process", ("threads",)),
    ),
    Parameter(
        "heartbeat",
        0,
        LONGEST_HEARTBEAT_S,
        "heartbeat timeout in seconds; 0 switches heartbeats off",
        "the heartbeat timeout",
        asked="heartbeat_s",
        observed=Observed("heartbeat_timeout_threshold", ("heartbeat_timeout_threshold",)),
    ),
)

LIMITS = (
    Limit(
        ("prefork", "embedded"),
        "threads",
        1,
        "a prefork child has one thread; threads belong to event, worker or daemon mode",
    ),
    *(
        Limit(("gunicorn", workers), "threads", 1, f"gunicorn's {words} workers have one thread")
        for workers, words in (("sync", "sync"), ("geventlet", "eventlet"), ("ggevent", "gevent"))
    ),
    Limit(("uwsgi", "ugevent"), "threads", 1, "under uWSGI's gevent loop a process has one thread"),
)

TABLE = Table(
    SERVERS,
    AXES,
    Releases("release", "the OpenStack release", "Heartbed's own versions", order=tuple(RELEASES)),
    LIBRARIES,
    PARAMETERS,
    LIMITS,
)

COMPARISON = ("{prefork,event}-{embedded,daemon}-{eventlet,eventlet-pthread,native}",)
"""The twelve cells of ``make compare``."""

DEPLOYED = ("prefork-daemon", "event-daemon", "prefork-embedded")
"""Where OpenStack's deployments have nova-api under httpd, and the case of 2019."""
