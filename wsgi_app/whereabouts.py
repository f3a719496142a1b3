"""Which process and which OS thread answered: told in every response, and remembered for the dump.

A greenlet does not know its OS thread, and nobody else can ask it. What can be
known is noted while a request is served: the root greenlet that this thread
started with, and the thread's number.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from wsgi_app import natives

PID_HEADER = "X-Heartbed-Pid"
THREAD_HEADER = "X-Heartbed-Thread"
LOOK_IN = "HTTP_X_HEARTBED_LOOK_IN"
"""The request's header that asks for a dump so many seconds after its answer."""


class Dumper(Protocol):
    """What writes dumps; see ``wsgi_app.dump``."""

    def look_in(self, seconds: float) -> None:
        """Write one so many seconds from now."""


class Registry:
    """The OS threads that have served requests."""

    def __init__(self) -> None:
        self.by_root: dict[int, int] = {}
        """id of a thread's root greenlet -> number of the OS thread."""
        self.by_ident: dict[int, int] = {}
        """``pthread_t`` of a thread, as ``sys._current_frames`` has it -> number of the OS thread."""

    def note(self) -> int:
        """Note the thread that calls. Returns its number."""
        number = natives.get_native_id()
        self.by_ident[natives.get_ident()] = number
        greenlet = sys.modules.get("greenlet")
        if greenlet is not None:
            self.by_root[id(root_of(greenlet.getcurrent()))] = number
        return number


def root_of(greenlet: Any) -> Any:
    """The greenlet that the thread of ``greenlet`` started with."""
    while greenlet.parent is not None:
        greenlet = greenlet.parent
    return greenlet


class Whereabouts:
    """The outermost filter: adds the two headers to every response.

    ``dumper`` is made in each process once, before it serves its first request.
    """

    def __init__(self, app: Callable[..., Iterable[bytes]], registry: Registry, dumper: Callable[[], Dumper]) -> None:
        self._app = app
        self._registry = registry
        self._new_dumper = dumper
        self._dumper: Dumper | None = None
        self._begun_in: int | None = None

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Note the thread, then pass the request on."""
        if self._begun_in != os.getpid():
            self._begun_in = os.getpid()
            self._dumper = self._new_dumper()
        number = self._registry.note()

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            told = [(PID_HEADER, str(os.getpid())), (THREAD_HEADER, str(number))]
            return start_response(status, [*headers, *told], *error)

        try:
            return self._app(environ, start)
        finally:
            self._arm(environ.get(LOOK_IN, ""))

    def _arm(self, seconds: str) -> None:
        if self._dumper is not None and seconds.replace(".", "", 1).isdecimal():
            self._dumper.look_in(float(seconds))
