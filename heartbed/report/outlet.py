"""Standard output and error as a program should have them: what cannot be written ends no run and changes no answer.

A verdict must not depend on who reads it. A closed, full or broken output takes
no more, which is remembered; the run goes on to its end, and what it has come
to is still told by the exit code.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import sys
from typing import TextIO


class Outlet(io.RawIOBase):
    """Writes to a descriptor and never raises; ``error`` is why it takes no more, if it does not."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.error: OSError | None = None

    def write(self, data: object) -> int:
        """All that is taken is written, or thrown away once there was an error."""
        octets = bytes(data)  # type: ignore[call-overload]  # whatever a buffered writer hands over
        rest = memoryview(octets)
        while rest and self.error is None:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # somebody has made it non-blocking: wait until it takes more
                select.select([], [self._descriptor], [])
            except OSError as error:
                self.error = error
        return len(octets)

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return os.isatty(self._descriptor)

    @property
    def broken(self) -> bool:
        """Whether it is a pipe that nobody reads any more."""
        return isinstance(self.error, BrokenPipeError)


def open_descriptors() -> None:
    """Let the three standard descriptors lead somewhere: else the next file that is opened takes their place."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest one that is free


def use_outlets(encoding: str = "", errors: str = "") -> tuple[Outlet, Outlet]:
    """Put outlets under standard output and error, in the encoding that they have or in this one."""
    out, err = Outlet(1), Outlet(2)
    sys.stdout, sys.stderr = (
        _over(outlet, stream, encoding, errors) for outlet, stream in ((out, sys.stdout), (err, sys.stderr))
    )
    return out, err


def _over(outlet: Outlet, stream: TextIO | None, encoding: str, errors: str) -> TextIO:
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(outlet),
        encoding=encoding or getattr(stream, "encoding", None) or "utf-8",
        errors=errors or getattr(stream, "errors", None) or "backslashreplace",
        line_buffering=outlet.isatty() or outlet.fileno() == 2,
    )
