"""A question divided: each shard plays a part of the cells, by itself, and all of them together are one run."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from heartbed.cells.cell import Cell
from heartbed.errors import InputError

DIGITS = 16
"""Of the hash by which shards of one question know each other."""


@dataclass(frozen=True)
class Share:
    """Which shard a run is, of how many; the ``question`` is the same in all of them.

    ``cells`` are those that it is to play: in several runs, where they do not fit into one.
    """

    number: int
    of: int
    question: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Division:
    """One of so many shards, as a user names it: ``2/5``."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def named(cls, text: str) -> Self:
        """Raises ``InputError`` for what is no shard."""
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text.strip())
        number, of = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= number <= of:
            raise InputError(f"{text!r} is not a shard", hint="K/N, K from 1 to N: the second of five is 2/5")
        return cls(number, of)

    def share(self, cells: Sequence[Cell], weight: Callable[[Cell], int]) -> tuple[tuple[Cell, ...], Share]:
        """The cells of this shard, and what the record says of it. Raises ``InputError`` where none is left for it."""
        mine = divided(cells, self.of, weight)[self.number - 1]
        if not mine:
            raise InputError(
                f"nothing is left for shard {self}: there are {len(cells)} cells",
                hint=f"divide them into at most {len(cells)} shards",
            )
        return mine, Share(self.number, self.of, question(cells), tuple(cell.name for cell in mine))


def divided(cells: Sequence[Cell], of: int, weight: Callable[[Cell], int]) -> list[tuple[Cell, ...]]:
    """The cells in so many shards of about the same weight, which are the same wherever the same is asked.

    The heaviest first, each goes to the shard that has least, or to the first of several. In a shard they keep their
    order.
    """
    shards: list[list[int]] = [[] for _ in range(of)]
    loads = [0] * of
    weights = [weight(cell) for cell in cells]
    for at in sorted(range(len(cells)), key=lambda at: -weights[at]):
        least = loads.index(min(loads))
        shards[least].append(at)
        loads[least] += weights[at]
    return [tuple(cells[at] for at in sorted(shard)) for shard in shards]


def question(cells: Sequence[Cell]) -> str:
    """What the shards of one question have in common, whatever the order of the cells."""
    names = "\n".join(sorted(cell.name for cell in cells))
    return hashlib.sha256(names.encode()).hexdigest()[:DIGITS]
