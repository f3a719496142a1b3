"""Runs commands such as ``docker buildx build`` so that none outlives its purpose."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self


class Commands:
    """The commands that are at work, which can all be ended at once; a context manager that ends them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._ended = False

    def start(self, command: Sequence[str]) -> subprocess.Popen[str]:
        """Start a command; what it says is read from its ``stdout``."""
        # A session of its own: at Ctrl-C it is ended by us, and has no last words on the terminal.
        process = subprocess.Popen(
            list(command),
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        with self._lock:
            self._processes.append(process)
            if self._ended:
                process.terminate()
        return process

    def end(self) -> None:
        """End all commands, also those that are started from now on."""
        with self._lock:
            self._ended = True
            for process in self._processes:
                process.terminate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.end()
