"""Small pieces of sentences."""

from __future__ import annotations


def count(number: int, word: str, plural: str = "s") -> str:
    """``1 process``, ``2 processes``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}{plural}"


def seconds(value: float) -> str:
    """A duration given in seconds: ``0.31 s``, ``6.0 s``, ``180 s``."""
    if abs(value) < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if abs(value) < 100 else f"{value:.0f} s"
