"""The Pythons of the images: the Debian release that has each, and which libraries are older there.

httpd is that Debian release's too: mod_wsgi embeds the Python that is beside it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE = Path(__file__).with_name("pythons.toml")


@dataclass(frozen=True)
class Python:
    """One of them, as ``pythons.toml`` describes it."""

    version: str
    suite: str
    usual: Mapping[str, str] = field(default_factory=dict)


PYTHONS = {version: Python(version, **table) for version, table in tomllib.loads(FILE.read_text("utf-8")).items()}
"""Version -> the Python, the default first, then the newest first."""

PYTHON = next(iter(PYTHONS))
"""The Python of every image unless another is asked for."""

OLDEST_FIRST = tuple(reversed(PYTHONS))
