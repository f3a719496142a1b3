"""Ctrl-C and its like: the first ends what is going on in order, those after it are told to wait."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = b"heartbed: cleaning up; this takes some seconds\n"


class InterruptedRunError(KeyboardInterrupt):
    """The user, or whoever ends processes here, has stopped the run.

    A ``KeyboardInterrupt``, so that nothing that catches ``Exception`` takes it for its own.
    """


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

    def on_signal(self, number: int, frame: object) -> None:
        """Interrupt, or ask for patience."""
        del number, frame
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
