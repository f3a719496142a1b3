"""Makes events of a capture with tshark, which reads it as it grows: little is left to do once it has ended.

tshark runs in the observer's container, and takes what the cells leave of the processors.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from heartbed.observers.base import Inside, Owner
from heartbed.observers.frames import FIELDS, FILTER, events_of
from heartbed.record.event import Event
from heartbed.record.kinds import WireMissing

NOBODY = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--inh-caps=-all", "--reset-env", "--")
"""What dissects octets that come from anywhere has no right to anything."""

YIELDING = ("nice", "--adjustment=10")
"""Below what watches beside it: the agent must wake in time, and tcpdump lose no packet."""

CHUNK = 1 << 16
LOOKS_S = 0.2
"""How often it is looked whether the capture has grown, and whether tshark goes on."""

STILL_S = 45.0
"""So long tshark may take nothing and tell nothing, once the capture has ended: its container may have been paused."""


class Dissection:
    """Of the capture ``path``, by tshark ``inside`` the observer's container. Nothing is raised: errors are events."""

    def __init__(self, path: Path, inside: Inside, *, port: int = 5672, still_s: float = STILL_S) -> None:
        self._path, self._inside, self._port, self._still_s = path, inside, port, still_s
        self._ended = threading.Event()
        self._lines: list[str] = []
        self._said: list[str] = []
        self._error = ""
        self._fed = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to dissect what there is, and then whatever comes."""
        fields = [word for field in FIELDS for word in ("-e", field)]
        tshark = ("tshark", "-n", "-r", "-", "-d", f"tcp.port=={self._port},amqp", "-Y", FILTER, "-T", "fields")
        command = self._inside(*NOBODY, *YIELDING, *tshark, *fields)
        pipe = subprocess.PIPE
        try:
            # A session of its own: Ctrl-C must not reach it before the run has ended in order.
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        except OSError as error:
            self._error = str(error)
            return
        process = self._process
        self._begin(lambda: self._feed(process))
        self._begin(lambda: self._lines.extend(_decoded(process.stdout)))
        self._begin(lambda: self._said.extend(_decoded(process.stderr)))

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="dissection", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _feed(self, process: subprocess.Popen[bytes]) -> None:
        """Hand on what the capture has, until it has ended and all of it was handed on."""
        assert process.stdin is not None  # noqa: S101  # it was asked for
        try:
            with self._path.open("rb") as file, process.stdin as tshark:
                while True:
                    last = self._ended.is_set()
                    while chunk := file.read(CHUNK):
                        tshark.write(chunk)
                        self._fed += len(chunk)
                    if last:
                        return
                    tshark.flush()
                    self._ended.wait(LOOKS_S)
        except OSError as error:
            self._error = self._error or str(error)

    def end(self) -> None:
        """The capture grows no more. May be called twice."""
        self._ended.set()

    def close(self) -> None:
        """End tshark where nobody wants its events any more. May be called at any time, also twice."""
        self.end()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def events(self, owner: Owner | None = None) -> Iterator[Event]:
        """All that the capture tells, in its order, once it has ended; ``owner`` finds the cell of an address."""
        self.end()
        self._wait()
        code = self._process.wait() if self._process is not None else 0
        yield from events_of(self._lines, self._port, owner)
        if wrong := self._wrong(code):
            yield Event(WireMissing(reason=wrong))

    def _wait(self) -> None:
        """Return when tshark has told all, or has been ended because it stands still."""
        progress, since = (-1, -1), time.monotonic()
        while going := [thread for thread in self._threads if thread.is_alive()]:
            going[0].join(LOOKS_S)
            if (now := (self._fed, len(self._lines))) != progress:
                progress, since = now, time.monotonic()
            elif time.monotonic() - since > self._still_s:
                self._error = f"tshark has stood still for {self._still_s:.0f} s"
                self.close()
                return

    def _wrong(self, code: int) -> str:
        """What went wrong, in words; empty where nothing did."""
        complaints = " ".join(line.strip() for line in self._said if line.startswith(("tshark:", "Error")))
        why = complaints or self._error or (f"tshark ended with {code}" if code else "")
        if not self._path.is_file():
            return f"the capture could not be dissected: there is no {self._path.name}"
        if self._path.stat().st_size == 0:
            return f"{self._path.name} is empty"
        return f"the capture could not be dissected: {why}" if why else ""


def _decoded(lines: Iterable[bytes] | None) -> Iterator[str]:
    return (line.decode("utf-8", "replace") for line in lines or ())


def dissect(path: Path, inside: Inside, owner: Owner | None = None, *, port: int = 5672) -> Iterator[Event]:
    """The events of a capture that has ended; arguments as for ``Dissection``."""
    dissection = Dissection(path, inside, port=port)
    dissection.start()
    yield from dissection.events(owner)
