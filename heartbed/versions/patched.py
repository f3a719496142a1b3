"""A library of the user's own: a checkout, a source distribution or a wheel, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Patched:
    """A library that the user brings in the place of a release.

    ``label`` tells it from others: a commit's first digits, with ``+dirty``
    where the tree differs from it, or those of a hash of its contents.
    ``version`` is what it is built as: that of the last tag, or its own word.
    ``folder`` is what the image is built from, and ``shown`` what the user named.
    """

    package: str
    version: str
    label: str
    folder: Path
    shown: str

    @property
    def called(self) -> str:
        """``17.3.0@1a2b3c4``."""
        return f"{self.version}@{self.label}"
