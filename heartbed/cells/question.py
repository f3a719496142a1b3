"""What one cell may answer otherwise than another."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Protocol

Place = tuple[int, ...]
"""Where an answer stands among all that have an order; empty for one that has none."""


class Question(Protocol):
    """What cells are told apart by: an axis, a release, a library, a parameter."""

    @property
    def name(self) -> str:
        """By which the answer is found among a cell's factors."""

    @property
    def words(self) -> Mapping[str, str]:
        """Answer -> what it is called in a sentence, where it is not its own word."""

    def called(self, values: Collection[str]) -> str:
        """What the question is called in a sentence, where these are the answers to it."""

    def value(self, factors: Mapping[str, str], cell: str) -> str:
        """The answer of a cell with these factors and this name; empty where the question cannot be put to it."""

    def place(self, value: str) -> Place:
        """Where an answer stands in the order of all; empty where it stands in none."""

    def name_of(self, first: str, last: str) -> str:
        """What answers from one to another, which may be the same, are called in a list."""


def numbers(value: str) -> Place:
    """``14.3.0`` as (14, 3, 0); empty for what is no row of numbers."""
    return tuple(int(part) for part in value.split(".")) if re.fullmatch(r"\d+(\.\d+)*", value) else ()
