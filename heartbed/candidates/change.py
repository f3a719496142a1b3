"""A change to a candidate, as a value: what it makes of the configuration, and the lines that it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Shape = TypeVar("Shape")
"""What a configuration makes of the application, in a kind's own terms."""

ONE_THREAD = (
    "one request at a time a process: the same load takes as many more processes, each with its own connections"
)
"""What it costs to serve with one thread, under any server."""


@dataclass(frozen=True)
class Edit:
    """Lines of a user's file put otherwise. ``text`` may have several lines."""

    inside: str
    first: int
    last: int
    text: str


@dataclass(frozen=True)
class Variant(Generic[Shape]):
    """The candidate as some changes would have it."""

    shape: Shape
    model: str
    thread: str
    oslo: str
    heartbeat_s: int | None
    edits: tuple[Edit, ...] = ()
    settings: tuple[str, ...] = ()
    """Lines to change that are not in the user's file."""

    thread_is_left: bool = False
    """Whether ``heartbeat_in_pthread`` is left to the library, whose default ``thread`` then is."""


@dataclass(frozen=True)
class Change(Generic[Shape]):
    """One change. ``price`` is what it costs elsewhere, empty for nothing; ``apply`` makes it.

    ``question`` is the same for changes of which one undoes the other; most have one of their own.
    """

    key: str
    what: str
    price: str
    apply: Callable[[Variant[Shape]], Variant[Shape]]
    group: str = ""

    @property
    def question(self) -> str:
        """What it answers."""
        return self.group or self.key
