"""The in-process dump: OS threads, hubs and greenlets, written when SIGUSR2 comes.

py-spy sees the stack that each OS thread stands on and nothing of greenlets
that are switched out; this sees them. A request cannot ask for it, because to
answer a request may run the hub that is suspected of standing still. So a
native thread, which no hub knows of, sleeps in ``read`` until the signal comes.

mod_wsgi lets no application have a Python signal handler, and Python would only
run one when its main thread is back from httpd's C code. ``faulthandler`` has a
handler in C: it writes the stack of the interrupted thread into a pipe at once.
What it writes is thrown away; that it wrote is what wakes the native thread.

A process that has not loaded the application has no handler, and the signal
ends it: look at ``SigCgt`` in ``/proc/<pid>/status`` before sending it.
"""

from __future__ import annotations

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


def install(registry: Registry, folder: Path = FOLDER) -> None:
    """Have a dump written to ``dump-<pid>-<n>.json`` in ``folder`` for every SIGUSR2, n from 1."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    natives.start_new_thread(_serve, (reader, registry, folder))
    faulthandler.register(SIGNAL, file=writer, all_threads=False, chain=False)


def _serve(reader: int, registry: Registry, folder: Path) -> None:
    # httpd's threaded MPMs block signals in their request threads, and a new thread inherits that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {SIGNAL})
    Path(f"/proc/self/task/{natives.get_native_id()}/comm").write_text(THREAD_NAME)
    numbers = count(1)
    while stack := natives.read(reader, PIPE_OCTETS):
        if HEADER in stack:
            _write(folder / f"dump-{os.getpid()}-{next(numbers)}.json", registry)


def _write(path: Path, registry: Registry) -> None:
    """Write one dump; whoever waits for the file finds it complete or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(_dump(registry)))
    part.rename(path)


def _dump(registry: Registry) -> dict[str, Any]:
    head = {"t": time.time(), "pid": os.getpid()}
    try:
        return head | take(registry)
    except Exception as error:  # noqa: BLE001  whatever it is, the observer must learn of it rather than wait
        return head | {"error": f"{type(error).__name__}: {error}"}
