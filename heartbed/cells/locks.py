"""Where it is chance whether a request hangs: where several OS threads of one process use eventlet's locks.

eventlet makes a lock for the green threads of one OS thread. Two OS threads
that meet in one may block for good; whether they meet is a matter of moments.
"""

from __future__ import annotations

from collections.abc import Mapping


def shared(factors: Mapping[str, str], threads: int | None) -> bool:
    """Whether the OS threads of a process share them: native heartbeat threads, or several request threads."""
    return factors.get("model") == "eventlet" and (factors.get("thread") == "pthread" or (threads or 1) > 1)
