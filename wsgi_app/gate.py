"""A gate before the broker: whoever stands at it has imported what it needs, and connects once it is let go.

So the RPC server and the controls start while the broker boots, and yet none of their connections escapes those that
watch it. SIGCONT lets go, which harms no process that stands at no gate, and may be sent again.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping

VARIABLE = "HEARTBED_HELD"
LETS_GO = {signal.SIGCONT}
LOOKS_S = 1.0
"""How often who waits looks whether it is to end instead."""


class Gate:
    """Made as the first thing in a process, before there are threads: from then on no signal is missed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._shut = environ.get(VARIABLE) == "true"
        if self._shut:
            signal.pthread_sigmask(signal.SIG_BLOCK, LETS_GO)

    def wait(self, ends: Callable[[], bool]) -> None:
        """Return when it is let go, or when it is to end; at once where nobody holds it."""
        while self._shut and not ends():
            self._shut = signal.sigtimedwait(LETS_GO, LOOKS_S) is None
