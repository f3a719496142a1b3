"""What is said of several connections of a cell together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from heartbed.verdict import cause
from heartbed.verdict.values import Connection, Evidence


def first(connections: Sequence[Connection]) -> Connection:
    """The one that ended first."""
    return min(connections, key=_ended)


def evidence(connections: Sequence[Connection]) -> tuple[Evidence, ...]:
    """That of all of them."""
    return tuple(piece for each in connections for piece in each.evidence)


def why(connections: Sequence[Connection]) -> str:
    """The cause of the one that ended first, headed by which ones it is about; then the causes of others."""
    alike, *others = by_cause(connections)
    return f"{_purposes(alike)}: {first(alike).why}{f'; besides, {told(others)}' if others else ''}"


def by_cause(connections: Sequence[Connection]) -> list[list[Connection]]:
    """The connections by their causes, in the order in which the first of each ended."""
    found: dict[str, list[Connection]] = {}
    for each in sorted(connections, key=_ended):
        found.setdefault(each.cause, []).append(each)
    return [*found.values()]


def told(causes: Sequence[Sequence[Connection]]) -> str:
    """``SEND and LISTEN lost: nothing runs the hub``, for each cause."""
    return "; ".join(f"{_purposes(some)} {some[0].outcome}: {cause.words(some[0].cause)}" for some in causes)


def _ended(connection: Connection) -> float:
    return math.inf if connection.closed is None else connection.closed


def _purposes(connections: Sequence[Connection]) -> str:
    return " and ".join(sorted({str(c.purpose) for c in connections}, reverse=True))
