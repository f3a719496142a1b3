"""Values in a user's configuration, read as the servers read them."""

from __future__ import annotations

import re

NUMBER = re.compile(r"\s*([0-9]{1,9})(?![0-9])")
FORBIDDEN = ("/opt/heartbed/", "/run/heartbed/", "/proc/", "/sys/", "/dev/")
"""Where no script can be put in the container."""

MOST_PROCESSES = 2
"""Processes that the testbed runs of one configuration. They are alike: more would show nothing else."""


def leading_number(text: str) -> int | None:
    """The whole number that a value begins with, as C's ``atoi`` reads it; None where there is none."""
    found = NUMBER.match(text)
    return int(found[1]) if found else None


def can_hold_a_script(path: str) -> bool:
    """Whether the application can be put at this path in the container."""
    within = path.startswith("/") and not path.endswith("/") and "/../" not in path
    return within and not path.startswith(FORBIDDEN)
