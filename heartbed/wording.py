"""Small pieces of sentences."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def count(number: int, word: str, plural: str = "s") -> str:
    """``1 process``, ``2 processes``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}{plural}"


def seconds(value: float) -> str:
    """A duration given in seconds: ``0.31 s``, ``6.0 s``, ``180 s``."""
    if abs(value) < 1:
        return f"{value:.2f} s"
    return f"{value:.1f} s" if abs(value) < 100 else f"{value:.0f} s"


def long(value: float) -> str:
    """A duration given in seconds that may be long: ``42 s``, ``3.0 min``, ``1.5 h``."""
    if value < 100:
        return f"{value:.0f} s"
    return f"{value / 60:.1f} min" if value < 5400 else f"{value / 3600:.1f} h"


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'trickle'?`` for what is not known; nothing where nothing known is near it."""
    nearest = difflib.get_close_matches(word, [*known], n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
