"""Turns events into the evidence that a verdict carries."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.record.event import Event
from heartbed.verdict.values import Evidence

LONGEST_TEXT = 500


def cite(event: Event | None, text: str) -> list[Evidence]:
    """A list of one piece of evidence, or of none where the event was not observed."""
    if event is None:
        return []
    return [Evidence(line=event.line, t=event.t, kind=event.kind, text=text[:LONGEST_TEXT])]


def in_order(pieces: Iterable[Evidence]) -> list[Evidence]:
    """Evidence by time, each piece once."""
    return sorted(dict.fromkeys(pieces), key=lambda piece: (piece.t, piece.line))
