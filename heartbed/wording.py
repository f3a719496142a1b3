"""Small pieces of sentences."""

from __future__ import annotations


def count(number: int, word: str, plural: str = "s") -> str:
    """``1 process``, ``2 processes``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}{plural}"
