"""Connections that several processes hold: opened before the server forked, and inherited by each of its children."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.record.connection import ConnectionHistory


def notes(judged: Sequence[ConnectionHistory]) -> list[str]:
    """That a connection is shared, and by which processes."""
    return [told for conn in judged if (told := _sharing(conn))]


def _sharing(conn: ConnectionHistory) -> str:
    if len(conn.holders) < 2:
        return ""
    which = ", ".join(map(str, conn.holders))
    return (
        f"processes {which} share the connection {conn.conn}, which was opened before they were forked: what they send "
        "goes out mixed, what comes in reaches any of them, and it ends only when the last of them has closed it"
    )
