"""The series of nova: which there are, of which OpenStack release, and in which version each is locked here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent
FILE = FOLDER / "series.toml"

LOCKED = re.compile(r"^nova==(\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Series:
    """One series of nova, as ``series.toml`` describes it."""

    name: str
    release: str
    patches: bool
    entry: str
    pins: Sequence[str] = ()
    source: Sequence[str] = ()

    @property
    def factor(self) -> str:
        """As it is called in the name of a cell: ``nova32``."""
        return f"nova{self.name}"

    @property
    def lock(self) -> Path:
        """What is installed for it over the libraries of its release."""
        return FOLDER / "locks" / f"nova-{self.name}.lock"

    @cached_property
    def version(self) -> str:
        """The version of nova that is locked."""
        found = LOCKED.search(self.lock.read_text(encoding="utf-8"))
        if found is None:
            raise ValueError(f"{self.lock} has no line for nova")
        return found[1]


def read(text: str) -> dict[str, Series]:
    """Name -> series, the oldest first."""
    return {name: Series(name, **table) for name, table in tomllib.loads(text).items()}


SERIES = read(FILE.read_text(encoding="utf-8"))
