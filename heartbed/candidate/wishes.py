"""What a user says beside the file, and what is assumed where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.axes import DEFAULT_OSLO
from heartbed.candidate.adapt import Adapted
from heartbed.candidate.oslo_config import OsloConfig
from heartbed.candidate.subject import OwnApplication

DEFAULT_MPM = "event"
"""What Debian's and Red Hat's httpd loads unless told otherwise."""

THREADED_ONLY = frozenset({"threadsperchild", "threadlimit", "maxsparethreads", "minsparethreads"})
PREFORK_ONLY = frozenset({"minspareservers", "maxspareservers"})


@dataclass(frozen=True)
class Wishes:
    """What the user says beside the file; None where it is left to Heartbed, which then says what it assumes."""

    model: str | None = None
    pthread: bool | None = None
    oslo: str | None = None
    mpm: str | None = None
    vhost: str | None = None
    root: Path | None = None
    heartbeat_s: int = 2
    options: Mapping[str, str] = field(default_factory=dict)
    """oslo.config's options from the user's nova.conf, as variables of the environment."""
    switched_off: bool = False
    """Whether that nova.conf switches heartbeats off."""
    oslo_config: OsloConfig | None = None
    own: OwnApplication | None = None
    requirements: Path | None = None
    notes: tuple[str, ...] = ()
    """What is to be said of that nova.conf."""


def mpm_of(adapted: Adapted, wishes: Wishes, assumed: list[str]) -> str:
    """The MPM; what it is taken from is added to ``assumed`` where neither user nor file say it."""
    if wishes.mpm:
        return wishes.mpm
    if adapted.mpm:
        return adapted.mpm
    used = {d.key for _, d in adapted.source.all() if not any(w.startswith("if") for w in d.within)}
    if used & PREFORK_ONLY:
        assumed.append("MPM prefork: the file loads none, and sizes prefork (--mpm says otherwise)")
        return "prefork"
    if used & THREADED_ONLY:
        assumed.append("MPM event: the file loads none, and sizes threads (--mpm says otherwise)")
        return DEFAULT_MPM
    assumed.append(f"MPM {DEFAULT_MPM}: the file loads none, and this is Debian's and Red Hat's (--mpm says otherwise)")
    return DEFAULT_MPM


def assumptions(wishes: Wishes) -> list[str]:
    """What is assumed of the application, in words."""
    found = []
    if wishes.model is None:
        found.append("execution model eventlet, as nova up to 2025.2 (--model native for later ones)")
    if wishes.oslo is None:
        found.append(f"oslo.messaging {DEFAULT_OSLO}, the last series with heartbeat_in_pthread (--oslo VERSION)")
    if wishes.pthread is None and wishes.model != "native" and not _has_pthread(wishes):
        found.append("heartbeat_in_pthread = false, the library's default (--pthread, or --oslo-config nova.conf)")
    if not wishes.switched_off:
        found.append(
            f"a heartbeat timeout of {wishes.heartbeat_s} s, so that the answer comes soon; "
            "oslo.messaging's default is 60 (--heartbeat)"
        )
    found += wishes.notes
    if wishes.own is None:
        found.append("Heartbed's own nova-api-like application where the script would be (--app)")
    elif wishes.own.opening == "GET /":
        found.append("GET / makes your application use the broker (--open)")
    return found


PTHREAD = "OS_OSLO_MESSAGING_RABBIT__HEARTBEAT_IN_PTHREAD"


def _has_pthread(wishes: Wishes) -> bool:
    return PTHREAD in wishes.options
