"""Signals as a program finds them that a user starts by hand, whatever these tests were started with.

``nohup`` has SIGHUP ignored, a script's background job SIGINT and SIGQUIT; a child inherits it.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from heartbed.run.interrupt import SIGNALS

UNIGNORED = ("env", f"--default-signal={','.join(number.name.removeprefix('SIG') for number in SIGNALS)}")
"""What a command is started with, so that it ignores none of these."""


@contextlib.contextmanager
def unignored() -> Iterator[None]:
    """None of these signals is ignored inside the block; only in the main thread."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
