"""The wire: tcpdump in the broker's network namespace while the run goes on.

It runs in the observer's container, as does tshark, which dissects what is
captured (``dissection``). The capture is kept in the run's folder, to be opened with Wireshark.
"""

from __future__ import annotations

import contextlib
import subprocess
import threading
from pathlib import Path

from heartbed.observers.base import Emit, Inside
from heartbed.record.event import Event
from heartbed.record.kinds import WireMissing

# Slots of 64 KiB, 128 MiB of them: in tcpdump's immediate mode every packet takes one slot, its
# default buffer holds 8, and bursts send thousands a second while cores are scarce. The longest packet
# that there is and what the kernel writes before it would take a slot of 128 KiB: it is cut off at its
# end. Not promiscuous: all traffic is the broker's own.
TCPDUMP = "tcpdump -i any -p -n -U --immediate-mode -s 65000 -B 131072 -w -"
FROM_OUTSIDE = "tcp port {port} and not net 127.0.0.0/8 and not host ::1"
"""Leaves out what the broker's container says to itself, such as health checks."""

# tcpdump ends, in good order, when the shell's input ends: when it is told to stop, and also when
# this program is killed. Without this the client of `docker exec` would outlive both.
SCRIPT = f"""\
exec 3<&0
(cat <&3; kill -INT $$) >/dev/null 2>&1 &
exec {TCPDUMP} "$0" </dev/null 3<&-
"""

STOP_DEADLINE_S = 5.0


class Capture:
    """Writes what tcpdump sees to ``path`` as it comes.

    It runs ``inside`` the observer's container. ``ready`` is set once tcpdump
    listens. What goes wrong is emitted as ``wire.missing``.
    """

    def __init__(self, inside: Inside, path: Path, emit: Emit, *, port: int = 5672) -> None:
        self.ready = threading.Event()
        self._inside, self._path, self._emit, self._port = inside, path, emit, port
        self._process: subprocess.Popen[bytes] | None = None
        self._said: list[str] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._listen, name="capture", daemon=True)

    def start(self) -> None:
        """Begin to capture."""
        what = FROM_OUTSIDE.format(port=self._port)
        command = self._inside("sh", "-c", SCRIPT, what)
        try:
            with self._path.open("wb") as file:
                # A session of its own: Ctrl-C must not reach it before the run has ended in order.
                self._process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=file, stderr=subprocess.PIPE, start_new_session=True
                )
        except OSError as error:
            self._missing(f"tcpdump did not start: {error}")
            return
        self._thread.start()

    def stop(self) -> None:
        """End tcpdump, so that the file ends with a whole packet. May be called twice."""
        if self._process is None or self._stopping:
            return
        self._stopping = True
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._missing("tcpdump did not end; the last packets may be missing")
        self._thread.join(STOP_DEADLINE_S)

    def _listen(self) -> None:
        """Read what tcpdump says: that it listens, and in the end what it has dropped."""
        assert self._process is not None  # noqa: S101  # started before this thread
        for raw in self._process.stderr or ():
            line = raw.decode(errors="replace").strip()
            if "listening on" in line:
                self.ready.set()
                continue
            self._said.append(line)
            if line.endswith("dropped by kernel") and not line.startswith("0 "):
                self._missing(f"the capture is not complete: {line}")
        if not self._stopping:
            self._missing(f"tcpdump has ended: {' '.join(self._said[-3:]) or 'without a word'}")

    def _missing(self, reason: str) -> None:
        self._emit(Event(WireMissing(reason=reason)))
