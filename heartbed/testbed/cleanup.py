"""Removes what Heartbed made in Docker, by its labels: all of one run, or what killed runs left behind.

A run holds a lock on a file while it lives, and all that it makes names that
file: what a killed run left behind is recognised by its lock being free.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import docker.errors
import psutil
from filelock import FileLock, Timeout

from heartbed.errors import TestbedError
from heartbed.testbed.engine import engine_errors
from heartbed.testbed.labels import HOST_LABEL, LOCK_LABEL, MADE_BY_US
from heartbed.waiting import Deadline

PATIENCE_S = 60.0
SETTLE_S = 0.5
"""The ``docker compose create`` of a run that was killed may outlive it by as much."""

AGAIN_S = 0.2
MISSING = 404

Keep = Callable[[Mapping[str, str]], bool]
"""Whether that which carries these labels is to stay."""


@dataclass(frozen=True)
class Thing:
    """A container, network or volume; ``kind`` is Docker's word for it."""

    kind: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Removal:
    """What has been removed, and what could not be, with the engine's reason."""

    removed: Sequence[Thing]
    left: Mapping[Thing, str]

    @property
    def containers(self) -> int:
        """How many containers were removed."""
        return sum(thing.kind == "container" for thing in self.removed)

    def check(self) -> None:
        """Raise ``TestbedError`` when something is left."""
        if self.left:
            log = [f"{thing.kind} {thing.name}: {reason or 'it does not go'}" for thing, reason in self.left.items()]
            raise TestbedError(
                "not everything could be removed", log=log, hint="remove it with docker, or `heartbed clean`"
            )


def remove(
    client: docker.DockerClient,
    *labels: str,
    keep: Keep = lambda _: False,
    patience_s: float = PATIENCE_S,
    settle_s: float = 0.0,
) -> Removal:
    """Remove the containers, networks and volumes that carry all these labels, save what ``keep`` accepts.

    A label is ``name`` or ``name=value``. What does not go at once is tried
    again for ``patience_s`` seconds. What comes into being meanwhile goes too,
    also within ``settle_s`` seconds after the last if there had been anything.
    Raises ``TestbedError`` when Docker does not answer.
    """
    tried: dict[Thing, str] = {}
    deadline = Deadline(patience_s)
    settled = not settle_s
    with engine_errors():
        while True:
            there = [thing for thing in _labelled(client, labels) if not keep(thing.labels)]
            left = {thing: tried[thing] for thing in there if thing in tried}
            fresh = [thing for thing in there if thing not in tried]
            if not fresh and (not left or deadline.passed) and (settled or not tried):
                return Removal([thing for thing in tried if thing not in left], left)
            if fresh or (left and not deadline.passed):
                if left:
                    time.sleep(AGAIN_S)
                tried |= _remove_all(client, there)
            else:
                settled = True
                time.sleep(settle_s)


def _labelled(client: docker.DockerClient, labels: tuple[str, ...]) -> Iterator[Thing]:
    filters: dict[str, Any] = {"label": list(labels)}
    for container in client.api.containers(all=True, filters=filters):
        yield Thing("container", container["Id"], container["Labels"] or {})
    for network in client.api.networks(filters=filters):
        yield Thing("network", network["Id"], network["Labels"] or {})
    for volume in client.api.volumes(filters=filters)["Volumes"] or ():
        yield Thing("volume", volume["Name"], volume["Labels"] or {})


def _remove_all(client: docker.DockerClient, things: list[Thing]) -> dict[Thing, str]:
    """Try to remove each, the containers first; thing -> what the engine objected, empty if it did not."""
    containers = [thing for thing in things if thing.kind == "container"]
    with ThreadPoolExecutor(max_workers=8) as pool:
        refusals = dict(zip(containers, pool.map(lambda thing: _remove(client, thing), containers), strict=True))
    return refusals | {thing: _remove(client, thing) for thing in things if thing.kind != "container"}


def _remove(client: docker.DockerClient, thing: Thing) -> str:
    try:
        if thing.kind == "container":
            client.api.remove_container(thing.name, force=True, v=True)
        elif thing.kind == "network":
            client.api.remove_network(thing.name)
        else:
            client.api.remove_volume(thing.name)
    except docker.errors.APIError as error:
        # Being removed by someone else already is as good.
        return "" if error.status_code == MISSING else str(error.explanation or error)
    return ""


def alive(labels: Mapping[str, str]) -> bool:
    """Whether the run that made something may still go on.

    It does while it holds its lock. What has no lock, the stack by hand, is
    alive, and so is what another host made that shares this engine: its locks
    cannot be seen from here.
    """
    path = labels.get(LOCK_LABEL)
    if not path or labels.get(HOST_LABEL, platform.node()) != platform.node():
        return True
    return locked(Path(path))


def locked(path: Path) -> bool:
    """Whether a run holds this lock, or may: one that this user may not look at is another user's, and counts as held.

    A lock that is gone, with its run's folder, is held by nobody.
    """
    try:
        if not path.exists():
            return False
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError):
        return True


def sweep(client: docker.DockerClient, *labels: str) -> Removal:
    """Remove what killed runs left behind, and only that; of it, what carries ``labels`` too, if any are given.

    What does not go, such as a network that somebody put a container of their own into, is no reason not to run.
    """
    known: dict[tuple[str | None, str | None], bool] = {}

    def keep(labelled: Mapping[str, str]) -> bool:
        maker = labelled.get(HOST_LABEL), labelled.get(LOCK_LABEL)
        if maker not in known:
            known[maker] = alive(labelled)
        return known[maker]

    swept = remove(client, MADE_BY_US, *labels, keep=keep, patience_s=0.0, settle_s=SETTLE_S)
    end_clients({thing.name for thing in swept.removed if thing.kind == "container"})
    return swept


def end_clients(gone: Collection[str]) -> None:
    """End every ``docker exec`` into a container of these ids, which are gone.

    The engine never answers one that it was just about to begin when the container was removed.
    """
    for process in psutil.process_iter(["cmdline"]) if gone else ():
        program, *words = process.info["cmdline"] or [""]
        if Path(program).name == "docker" and words[:1] == ["exec"] and not set(gone).isdisjoint(words):
            with contextlib.suppress(psutil.Error):
                process.terminate()
