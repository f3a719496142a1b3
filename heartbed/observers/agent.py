"""The agent in the observer's container, which sees the cells' processes and sockets.

Its own side is ``images/observer/heartbed_agent``; this starts it, tells it
whom to watch and passes its events on.
"""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import asdict, dataclass
from typing import Any

from heartbed.observers.base import Emit, Inside, failed
from heartbed.record import event as record
from heartbed.record.event import Event
from heartbed.record.kinds import BY_NAME, undeclared

STOP_DEADLINE_S = 3.0


@dataclass(frozen=True)
class Look:
    """A wish to look at a process of a cell.

    ``at`` is the occasion, ``mid-idle`` or ``loss``. ``idle_from`` (epoch
    seconds) is when the cell's idle time began, None before that. The dump that
    the process was asked for beforehand is waited for ``patience_s`` before it
    is sent the signal for one. Of the processes with the same ``like`` only a few
    get native stacks, for which each may be stopped for ``stop_s`` seconds.
    """

    cell: str
    pid: int
    at: str
    idle_from: float | None
    patience_s: float
    like: str
    stop_s: float


class Agent:
    """Runs the agent from ``start`` to ``stop``, ``inside`` the observer's container."""

    def __init__(self, inside: Inside, emit: Emit) -> None:
        self._inside, self._emit = inside, emit
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._forward, name="agent", daemon=True),
            threading.Thread(target=self._complain, name="agent-errors", daemon=True),
        ]

    def start(self) -> None:
        """Start the agent."""
        try:
            self._process = subprocess.Popen(
                self._inside("python3", "-I", "-m", "heartbed_agent"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            self._failed(f"the agent did not start: {error}")
            return
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the agent; what it has told until now has been emitted. May be called twice."""
        self._stopping = True
        if self._process is None:
            return
        self._tell({"cmd": "quit"})
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_DEADLINE_S)

    def watch(self, cell: str, container_pid: int, ports: tuple[int, ...] = (5672,)) -> None:
        """Watch a cell's processes, and its sockets that lead to ``ports``.

        ``container_pid`` is the container's first process as the host numbers it.
        """
        self._tell({"cmd": "watch", "cell": cell, "container_pid": container_pid, "ports": list(ports)})

    def count(self, service: str, container_pid: int) -> None:
        """Count what a service's processes work, and tell nothing else of them."""
        self._tell({"cmd": "count", "service": service, "container_pid": container_pid})

    def look(self, wish: Look) -> None:
        """Look at a process of a watched cell.

        Returns at once. ``process.switches``, ``process.stacks`` and
        ``process.greenlets`` follow; where native stacks are taken, one more ``process.stacks``.
        """
        self._tell({"cmd": "look", **asdict(wish)})

    def measure(self, cell: str, every_s: float) -> None:
        """Measure what a watched cell's processes hold every so many seconds; ``process.usage`` follow."""
        self._tell({"cmd": "measure", "cell": cell, "every_s": every_s})

    def enough(self, cell: str) -> None:
        """Begin no more native stacks of a cell: it is asked again."""
        self._tell({"cmd": "enough", "cell": cell})

    def _tell(self, command: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        with self._lock:
            try:
                process.stdin.write(json.dumps(command) + "\n")
                process.stdin.flush()
            except (OSError, ValueError) as error:
                if not self._stopping:
                    self._failed(f"the agent takes no more commands: {error}")

    def _forward(self) -> None:
        assert self._process is not None  # noqa: S101  # started before this thread
        for line in self._process.stdout or ():
            try:
                self._emit(parse(line))
            except (ValueError, KeyError, TypeError) as error:
                self._failed(f"the agent's words are not understood: {error}: {line[:200]!r}")
        if not self._stopping:
            self._failed("the agent has ended; processes and sockets are watched no more")

    def _complain(self) -> None:
        assert self._process is not None  # noqa: S101  # started before this thread
        said = [line.rstrip() for line in self._process.stderr or ()]
        if said and not self._stopping:
            self._failed("\n".join(said[-20:]))

    def _failed(self, reason: str) -> None:
        failed(self._emit, "agent", reason)


def parse(line: str) -> Event:
    """An event from one line of the agent. Raises ``ValueError``, ``KeyError`` or ``TypeError``.

    What the record does not declare would be lost in it, and is refused here.
    """
    event = record.parse(line)
    if more := undeclared(BY_NAME.get(event.kind), json.loads(line)["data"]):
        raise ValueError(f"{event.kind} has no {', '.join(more)}")
    return event
