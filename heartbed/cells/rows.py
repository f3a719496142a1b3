"""What a row of the table of choices is: an axis, a server, the releases, a library, a parameter, a limit.

Axes, releases, libraries and parameters are questions (``heartbed.cells.question``) that are put to every cell.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from heartbed.cells.observed import Observed
from heartbed.cells.question import Place, numbers


@dataclass(frozen=True)
class Server:
    """A server: a factor of the axis of that name.

    ``family`` is its folder in ``heartbed.servers``. ``threads`` are what it has
    of itself in a process, by mode; one where nothing is said. ``environment``
    is what its configuration is told. ``native`` are the names of its own
    files on a native stack, with wildcards. ``waits`` maps functions there
    (regular expressions) to what a thread in them waits in for a request.
    """

    token: str
    meaning: str
    family: str
    threads: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    native: tuple[str, ...] = ()
    waits: Mapping[str, str] = field(default_factory=dict)
    recycles: bool = True
    """Whether it can be told to replace a process that has served so many requests."""


@dataclass(frozen=True)
class Releases:
    """The OpenStack releases as a question: a release stands for a version of every library."""

    name: str
    title: str
    none: str
    """What a cell has without one."""
    order: tuple[str, ...] = ()
    """All there are, the oldest first."""
    words: Mapping[str, str] = field(default_factory=dict)

    def called(self, values: Collection[str]) -> str:
        """What the question is called."""
        del values
        return self.title

    def value(self, factors: Mapping[str, str], cell: str) -> str:
        """The release."""
        del cell
        return factors.get(self.name, self.none)

    def place(self, value: str) -> Place:
        """The oldest first."""
        return (self.order.index(value),) if value in self.order else ()

    def name_of(self, first: str, last: str) -> str:
        """``2024.1``, ``train to zed``."""
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class Library:
    """A library whose version is a factor: the word before the number, and its name on PyPI."""

    word: str
    package: str
    default: str
    """The version in every image unless another is asked for."""
    servers: tuple[str, ...] = ()
    """Those that have it; none means all."""
    words: Mapping[str, str] = field(default_factory=dict)
    beside: bool = False
    """Whether it is the server itself: in that server's own image, beside the application and all that it imports."""
    compiled: bool = False
    """With ``beside``: whether it is built from its source."""

    def has(self, server: str) -> bool:
        """Whether it is there under this server."""
        return not self.servers or server in self.servers

    @property
    def name(self) -> str:
        """The word."""
        return self.word

    def called(self, values: Collection[str]) -> str:
        """What the question is called."""
        del values
        return f"the version of {self.package}"

    def value(self, factors: Mapping[str, str], cell: str) -> str:
        """The version."""
        del cell
        return factors.get(self.word, self.default)

    def place(self, value: str) -> Place:
        """Its numbers; what is no release has none."""
        return numbers(value)

    def name_of(self, first: str, last: str) -> str:
        """``oslo.messaging 14.3.0``, ``oslo.messaging 14.3.0 to 17.3.2``."""
        return f"{self.package} {first if first == last else f'{first} to {last}'}"


@dataclass(frozen=True)
class Parameter:
    """A number written behind its name, as in ``threads4``. Bounds are inclusive.

    ``asked`` is its name in the record and among the fields of a cell; ``variable`` tells it to the server.
    """

    name: str
    least: int
    most: int
    meaning: str
    title: str
    asked: str = ""
    variable: str = ""
    observed: Observed | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    def called(self, values: Collection[str]) -> str:
        """What the question is called."""
        del values
        return self.title

    def value(self, factors: Mapping[str, str], cell: str) -> str:
        """The parameter as the cell's name has it."""
        del factors
        value = (part for part in cell.split("-") if re.fullmatch(rf"{self.name}\d+", part))
        return next(value, f"the usual {self.name}")

    def place(self, value: str) -> Place:
        """The number, where one is named."""
        return numbers(value.removeprefix(self.name))

    def name_of(self, first: str, last: str) -> str:
        """``threads4``, ``threads4 to threads8``."""
        return first if first == last else f"{first} to {last}"


@dataclass(frozen=True)
class Limit:
    """With these factors, of which the server may be the default, a parameter is at most so much."""

    factors: tuple[str, ...]
    parameter: str
    most: int
    why: str
