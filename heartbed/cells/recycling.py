"""When a server replaces a process by a new one, by itself."""

from __future__ import annotations

from dataclasses import dataclass

VARIABLE = "HEARTBED_REQUESTS"
"""Asks the testbed's own configurations for it: after how many requests a process is replaced; 0 is never."""


@dataclass(frozen=True)
class Recycling:
    """After so many ``requests``; 0 is never. ``setting`` is what its configuration calls it."""

    requests: int = 0
    setting: str = ""


NEVER = Recycling()
