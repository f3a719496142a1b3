"""Events as JSON lines on standard output."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any

SCHEMA = 1


class Output:
    """Writes events; safe to call from any thread. A reader that is gone ends the agent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def emit(  # noqa: PLR0913  # the keys of the record's envelope
        self,
        kind: str,
        data: Mapping[str, Any],
        *,
        t: float | None = None,
        cell: str | None = None,
        pid: int | None = None,
        conn: str | None = None,
    ) -> None:
        """Write one event; ``t`` is epoch seconds and now if it is not given."""
        body = {
            "v": SCHEMA,
            "t": round(time.time() if t is None else t, 6),
            "kind": kind,
            "cell": cell,
            "pid": pid,
            "conn": conn,
            "data": dict(data),
        }
        self.write(json.dumps(body, separators=(",", ":")))

    def failed(self, reason: str, cell: str | None = None, pid: int | None = None) -> None:
        """Tell of something that could not be observed."""
        self.emit("observer.failed", {"observer": "agent", "reason": reason}, cell=cell, pid=pid)

    def end(self) -> None:
        """Write nothing any more, whoever tells it: from now on that could only be of the end itself."""
        self._lock.acquire()

    def write(self, line: str) -> None:
        """Write one line at once."""
        with self._lock:
            try:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            except OSError:
                os._exit(0)
