"""How Python keeps house while a record is worked on."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Look for no circular garbage while the block, or the decorated function, works.

    A record's events are many and stay: to look through all of them for garbage, again and again, took a third of the
    time in which 132 cells are read, judged and told, and found none.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
