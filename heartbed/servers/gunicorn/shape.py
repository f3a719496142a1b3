"""What a configuration of gunicorn's makes of the application, in the words of cells."""

from __future__ import annotations

from dataclasses import dataclass

from heartbed.servers.gunicorn.settings import Settings

CLASSES = {
    "sync": "sync",
    "gunicorn.workers.sync.SyncWorker": "sync",
    "gthread": "gthread",
    "gunicorn.workers.gthread.ThreadWorker": "gthread",
    **dict.fromkeys(("gevent", "gevent_wsgi", "gevent_pywsgi"), "gevent"),
    **{f"gunicorn.workers.ggevent.{name}": "gevent" for name in ("GeventWorker", "GeventPyWSGIWorker")},
    **dict.fromkeys(("eventlet", "gunicorn.workers.geventlet.EventletWorker"), "eventlet"),
}
"""Classes of workers that the testbed covers, by all of their names."""

FACTORS = {"sync": "", "gthread": "gthread", "gevent": "ggevent", "eventlet": "geventlet"}
"""Class of workers -> the factor that it is, where that is not the default."""

PATCHING = ("gevent", "eventlet")
"""Classes of workers that patch the process, with the library of their name."""


@dataclass(frozen=True)
class Shape:
    """``worker_class`` is the one that runs: gunicorn takes gthread where sync is asked for with several threads."""

    processes: int
    threads: int
    worker_class: str
    preload: bool
    idle_threads: int = 0
    """Threads that are set for workers that have none, and that workers of another class would have."""

    @property
    def options(self) -> tuple[str, ...]:
        """The factors that are not the default."""
        return tuple(filter(None, ("preload" if self.preload else "", FACTORS.get(self.worker_class, ""))))

    def wanted(self) -> dict[str, object]:
        """The settings that come to it."""
        return {
            "workers": self.processes,
            "threads": self.idle_threads or self.threads,
            "worker_class": self.worker_class,
            "preload_app": self.preload,
        }


def shape(settings: Settings) -> Shape:
    """What the settings in force come to."""
    own = str(settings.values["worker_class"])
    worker_class, threads = CLASSES.get(own, own), max(1, settings.number("threads"))
    return Shape(
        processes=max(1, settings.number("workers")),
        threads=1 if worker_class in PATCHING else threads,
        worker_class=worker_class,
        preload=bool(settings.values["preload_app"]),
        idle_threads=threads if worker_class in PATCHING and threads > 1 else 0,
    )
