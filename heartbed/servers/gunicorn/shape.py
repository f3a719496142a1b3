"""What a configuration of gunicorn's makes of the application, in the words of cells."""

from __future__ import annotations

from dataclasses import dataclass

from heartbed.servers.gunicorn.settings import Settings

CLASSES = {
    "sync": "sync",
    "gunicorn.workers.sync.SyncWorker": "sync",
    "gthread": "gthread",
    "gunicorn.workers.gthread.ThreadWorker": "gthread",
}
"""Classes of workers that the testbed covers, by all of their names."""


@dataclass(frozen=True)
class Shape:
    """``worker_class`` is the one that runs: gunicorn takes gthread where sync is asked for with several threads."""

    processes: int
    threads: int
    worker_class: str
    preload: bool

    @property
    def options(self) -> tuple[str, ...]:
        """The factors that are not the default."""
        return (*(("preload",) if self.preload else ()), *(("gthread",) if self.worker_class == "gthread" else ()))

    def wanted(self) -> dict[str, object]:
        """The settings that come to it."""
        return {
            "workers": self.processes,
            "threads": self.threads,
            "worker_class": self.worker_class,
            "preload_app": self.preload,
        }


def shape(settings: Settings) -> Shape:
    """What the settings in force come to."""
    own = str(settings.values["worker_class"])
    return Shape(
        processes=max(1, settings.number("workers")),
        threads=max(1, settings.number("threads")),
        worker_class=CLASSES.get(own, own),
        preload=bool(settings.values["preload_app"]),
    )
