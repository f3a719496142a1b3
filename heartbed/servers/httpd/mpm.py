"""Which MPM a configuration is for, where its files load none."""

from __future__ import annotations

from heartbed.candidates.wishes import Wishes
from heartbed.servers.httpd.adapt import HttpdAdapted

DEFAULT_MPM = "event"
"""What Debian's and Red Hat's httpd loads unless told otherwise."""

THREADED_ONLY = frozenset({"threadsperchild", "threadlimit", "maxsparethreads", "minsparethreads"})
PREFORK_ONLY = frozenset({"minspareservers", "maxspareservers"})


def mpm_of(adapted: HttpdAdapted, wishes: Wishes, assumed: list[str]) -> str:
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
