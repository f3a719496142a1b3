"""What happened alike to several connections, processes or requests, put into one phrase."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

MOST_NAMES = 4
"""Processes or addresses that a line names."""

T = TypeVar("T")


def grouped(things: Iterable[T], key: Callable[[T], Hashable]) -> list[list[T]]:
    """Things that are alike together, in the order in which the first of each came."""
    groups: dict[Hashable, list[T]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return list(groups.values())


def named(names: Iterable[object]) -> str:
    """``6``, ``6 and 7``, ``6, 7, 8, 9 and 3 more``."""
    unique = list(dict.fromkeys(str(name) for name in names))
    rest = len(unique) - MOST_NAMES
    shown = [*unique[:MOST_NAMES], f"{rest} more"] if rest > 1 else unique
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def processes(pids: Iterable[int | None]) -> str:
    """``process 6``, ``processes 6 and 7``; empty for none."""
    known = sorted({pid for pid in pids if pid is not None})
    return f"process{'es' if len(known) > 1 else ''} {named(known)}" if known else ""


def spread(values: Sequence[float], shown: Callable[[float], str]) -> str:
    """``5 ms``, or ``5 ms to 12 ms`` where the values differ as they are shown."""
    least, most = shown(min(values)), shown(max(values))
    return least if least == most else f"{least} to {most}"
