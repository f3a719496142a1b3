"""The in-process dump: OS threads, hubs and greenlets, written some time after a request, or when SIGUSR2 comes.

py-spy sees the stack that each OS thread stands on and nothing of greenlets
that are switched out; this sees them. A request cannot ask for it, because to
answer a request may run the hub that is suspected of standing still. So a
native thread, which no hub knows of, sleeps in ``poll`` until it is time.

When that is, a request says *before* the process is left alone: the header
``X-Heartbed-Look-In`` has the seconds from its answer on. Then nothing at all
reaches the process while it idles, and the dump is taken in time however busy
the machine and whoever collects it.

A look that nobody could know of before comes with the signal. mod_wsgi lets no
application have a Python signal handler, and Python would only run one when its
main thread is back from httpd's C code. ``faulthandler`` has a handler in C: it
writes the stack of the interrupted thread into a pipe at once. What it writes
is thrown away; that it wrote is what wakes the native thread.

A process that has not loaded the application has no handler, and the signal
ends it: look at ``SigCgt`` in ``/proc/<pid>/status`` before sending it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import time
from itertools import count
from pathlib import Path
from typing import Any

from wsgi_app import natives
from wsgi_app.snapshot import take
from wsgi_app.whereabouts import Registry

SIGNAL = signal.SIGUSR2
FOLDER = Path("/run/heartbed")
HEADER = b"Stack (most recent call first)"
"""faulthandler writes it once for each signal."""

PIPE_OCTETS = 65536
THREAD_NAME = "heartbed-dump"


class Dumper:
    """Writes ``dump-<pid>-<n>.json`` to ``folder`` for every SIGUSR2 and every alarm, n from 1."""

    def __init__(self, registry: Registry, folder: Path = FOLDER) -> None:
        self._registry, self._folder = registry, folder
        self._due: float | None = None
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def begin(self) -> None:
        """Begin, in this process and in none that it forks."""
        natives.start_new_thread(self._serve, ())
        faulthandler.register(SIGNAL, file=self._writer, all_threads=False, chain=False)

    def look_in(self, seconds: float) -> None:
        """Write a dump so many seconds from now, in place of the one that was due until now."""
        self._due = time.monotonic() + seconds
        with contextlib.suppress(BlockingIOError):  # a full pipe wakes the thread as well
            natives.write(self._writer, b"\n")

    def _serve(self) -> None:
        # httpd's threaded MPMs block signals in their request threads, and a new thread inherits that.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {SIGNAL})
        Path(f"/proc/self/task/{natives.get_native_id()}/comm").write_text(THREAD_NAME)
        numbers = count(1)
        waiting = natives.poll()
        waiting.register(self._reader)
        while True:
            rest_ms = None if self._due is None else max(0.0, self._due - time.monotonic()) * 1000
            woken = waiting.poll(rest_ms)
            on = ["signal"] if woken and HEADER in natives.read(self._reader, PIPE_OCTETS) else []
            if self._due is not None and self._due <= time.monotonic():
                self._due = None
                on.append("alarm")
            for each in on:
                _write(self._folder / f"dump-{os.getpid()}-{next(numbers)}.json", each, self._registry)


def install(registry: Registry, folder: Path = FOLDER) -> Dumper:
    """A dumper that has begun in this process."""
    dumper = Dumper(registry, folder)
    dumper.begin()
    return dumper


def _write(path: Path, on: str, registry: Registry) -> None:
    """Write one dump; whoever waits for the file finds it complete or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(_dump(on, registry)))
    part.chmod(0o644)  # whatever the server's umask is
    part.rename(path)


def _dump(on: str, registry: Registry) -> dict[str, Any]:
    began = time.monotonic()
    head = {"t": time.time(), "pid": os.getpid(), "on": on}
    try:
        told = take(registry)
    except Exception as error:  # noqa: BLE001  whatever it is, the observer must learn of it rather than wait
        told = {"error": f"{type(error).__name__}: {error}"}
    return {**head, "took_ms": round((time.monotonic() - began) * 1000, 1), **told}
