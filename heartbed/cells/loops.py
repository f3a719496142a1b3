"""In what loop a server's processes take requests: the axes of uWSGI's loop engine and of gunicorn's workers."""

from __future__ import annotations

from collections.abc import Mapping

from heartbed.cells import python
from heartbed.cells.axis import Axis
from heartbed.cells.models import GEVENT
from heartbed.versions.releases import number

GUNICORN, LAST_WITH_EVENTLET = "27.0.1", "25.3.0"
"""The version in its image unless another is asked for, and the last that had workers on eventlet."""


def _no_such_worker(chosen: Mapping[str, str]) -> str:
    """Green workers patch the process themselves, whatever the application does."""
    patches = {"geventlet": "eventlet", "ggevent": "gevent"}.get(chosen["worker_class"])
    model = chosen.get("model", "eventlet")
    if patches is not None and model != patches:
        return (
            f"gunicorn's {patches} workers patch the process with {patches}: the application cannot be {model} in them"
        )
    usual = python.of(chosen.get(python.WORD, python.DEFAULT)).usual
    gunicorn = chosen.get("gunicorn", usual.get("gunicorn", GUNICORN))
    if patches == "eventlet" and number(gunicorn) > number(LAST_WITH_EVENTLET):
        return f"gunicorn {gunicorn} has no eventlet workers: gunicorn{LAST_WITH_EVENTLET} is the last that has"
    return ""


def _no_such_loop(chosen: Mapping[str, str]) -> str:
    """Eventlet has a hub of its own, in which gevent's would stand still."""
    if chosen["loop"] == "ugevent" and chosen.get("model", "eventlet") == "eventlet":
        return "under uWSGI's gevent loop an application patches with gevent or not at all: it cannot be eventlet"
    return ""


LOOP = Axis(
    "loop",
    "uWSGI's loop engine",
    {
        "simple": "uWSGI's own loop: one request at a time in each thread",
        "ugevent": "uWSGI's gevent loop: a green thread a request",
    },
    servers=("uwsgi",),
    label="loop engine",
    brings={"ugevent": GEVENT},
    environment={"simple": {}, "ugevent": {"HEARTBED_LOOP": "gevent"}},
    senseless=_no_such_loop,
)

WORKERS = Axis(
    "worker_class",
    "the class of gunicorn's workers",
    {
        "sync": "gunicorn's sync workers: one request at a time, waiting in select()",
        "gthread": "gunicorn's gthread workers: a pool of threads",
        "geventlet": "gunicorn's eventlet workers, of gunicorn before 26.0: a green thread a request",
        "ggevent": "gunicorn's gevent workers: a green thread a request",
    },
    servers=("gunicorn",),
    brings={"ggevent": GEVENT},
    environment={
        "geventlet": {"HEARTBED_WORKER_CLASS": "eventlet"},
        "ggevent": {"HEARTBED_WORKER_CLASS": "gevent"},
    },
    senseless=_no_such_worker,
)
