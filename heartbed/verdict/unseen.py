"""Processes that could not be looked at: why, and which cells they are of."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.record.index import Index
from heartbed.record.kinds import AskedCell, ProcessGone, ProcessGreenlets, ProcessStacks
from heartbed.wording import count, listed

MOST_NAMES = 6
"""Cells that are named of those of which the same is said."""


def unseen(index: Index, asked: Iterable[AskedCell]) -> dict[str, list[str]]:
    """In sentences, each with the cells that it is about. A process that has ended since is not missed."""
    names = {each.service: each.name for each in asked}
    ended = {(event.cell, event.pid) for event in index.of(ProcessGone)}
    found: dict[str, set[str]] = {}
    for event in index.of(ProcessStacks, ProcessGreenlets):
        if event.data.error is not None and (event.cell, event.pid) not in ended:
            found.setdefault(event.data.error, set()).add(names.get(event.cell or "", event.cell or ""))
    return {_sentence(text, sorted(cells)): sorted(cells) for text, cells in sorted(found.items())}


def _sentence(text: str, cells: list[str]) -> str:
    more = count(len(cells) - MOST_NAMES, "more cell")
    named = [each for each in cells if each][:MOST_NAMES] + ([more] if len(cells) > MOST_NAMES else [])
    whose = f" of {listed(named)}" if named else ""
    return f"{'a process' if len(cells) == 1 else 'processes'}{whose} could not be looked at: {text}"
