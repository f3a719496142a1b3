"""Functions of the operating system, taken before eventlet can replace them.

Import this module before monkey patching. What it holds stays real afterwards:
a thread started here is an OS thread, and a read blocks that thread and no hub.
"""

from __future__ import annotations

import _thread
import posix
import select
from time import sleep
from typing import Any

__all__ = ["get_ident", "get_native_id", "poll", "read", "sleep", "start_new_thread", "write"]

start_new_thread = _thread.start_new_thread
get_ident = _thread.get_ident
get_native_id = _thread.get_native_id
read = posix.read
write = posix.write
poll: Any = getattr(select, "poll", None)
"""None where this was imported after the patching, which takes it away."""
