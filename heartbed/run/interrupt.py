"""Ctrl-C and its like: the first ends what is going on in order, those after it are told to wait."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = b"heartbed: cleaning up; this takes some seconds\n"

HALFWAY = tuple(
    getattr(each, "__code__", None) for each in (threading.Condition.__enter__, threading.Condition.__exit__)
)
"""Python's own code that takes and gives back the lock of conditions, events and futures: an exception in it leaves the
lock taken for ever, since nobody knows of it yet, or any more."""

STEPS_S = 0.001
"""After so long the main thread has left it."""


class InterruptedRunError(KeyboardInterrupt):
    """The user, or whoever ends processes here, has stopped the run.

    A ``KeyboardInterrupt``, so that nothing that catches ``Exception`` takes it for its own.
    """


def _again(number: int) -> None:
    """Send the main thread a signal when it has done a few steps more."""
    time.sleep(STEPS_S)
    signal.pthread_kill(threading.main_thread().ident or 0, number)


class Interruption:
    """Raises ``InterruptedRunError`` in the main thread at the first signal, and at no other.

    While it is held not even the first one raises: what cleans up runs to its end.
    """

    def __init__(self) -> None:
        self._held = False

    def hold(self) -> None:
        """From now on no signal interrupts."""
        self._held = True

    def release(self) -> None:
        """From now on the next signal interrupts again."""
        self._held = False

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Interrupt, or ask for patience."""
        while frame is not None and frame.f_code is Interruption.on_signal.__code__:
            frame = frame.f_back
        if frame is not None and frame.f_code in HALFWAY:
            _thread.start_new_thread(_again, (number,))
            return
        if self._held:
            with contextlib.suppress(OSError):
                os.write(sys.__stderr__.fileno() if sys.__stderr__ else 2, PATIENCE)
            return
        self._held = True
        raise InterruptedRunError


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Turn SIGINT, SIGTERM and SIGHUP into ``InterruptedRunError`` inside the block.

    A signal that the program was started to ignore, as by ``nohup``, stays
    ignored. Outside the main thread, where Python takes no signals, nothing changes.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, interruption.on_signal)
    try:
        yield interruption
    finally:
        for number in taken:
            signal.signal(number, before[number])
