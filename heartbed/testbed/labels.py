"""The labels of all that Heartbed makes in Docker: by them it is found again, and removed."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field

LABEL = "heartbed"
MADE_BY_US = f"{LABEL}=1"
"""As a filter: whatever carries it was made by Heartbed."""

RUN_LABEL = "heartbed.run"
LOCK_LABEL = "heartbed.lock"
HOST_LABEL = "heartbed.host"

READS_LABEL = "heartbed.reads"
"""On an image: the folders that its containers read much of, with spaces between them. One that is built on it adds its
own under a longer name, which begins with this."""

FILES_LABEL = "heartbed.files"
"""On a volume: the id of the image whose files it has."""


@dataclass(frozen=True)
class Labels:
    """Who made a container: what clean-up goes by. ``lock`` is the file that is locked while its maker lives."""

    run: str
    lock: str = ""
    host: str = field(default_factory=platform.node)

    def as_dict(self) -> dict[str, str]:
        """Labels for containers, networks and volumes."""
        return {LABEL: "1", RUN_LABEL: self.run, LOCK_LABEL: self.lock, HOST_LABEL: self.host}
