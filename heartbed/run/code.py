"""Which Heartbed plays and judges: its own files by their contents, as a version alone does not tell a checkout's."""

from __future__ import annotations

import hashlib
from functools import cache

from heartbed.places import PACKAGE

PLAYS = ("applications", "cells", "kernel", "observers", "probes", "run", "servers", "stage", "testbed")
"""What decides how a cell is played and what is seen of it."""

JUDGES = ("probes", "record", "verdict")
"""What decides which verdict a record gives."""

DIGITS = 16


def played_by() -> str:
    """The hash of what plays."""
    return _hash(PLAYS)


def judged_by() -> str:
    """The hash of the rules."""
    return _hash(JUDGES)


@cache
def _hash(packages: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for package in packages for path in (PACKAGE / package).rglob("*.py")):
        digest.update(f"{path.relative_to(PACKAGE)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()[:DIGITS]
