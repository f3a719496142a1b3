"""Of which processes a look is: all of the host, or those that the user named."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import docker
import docker.errors
import requests

from heartbed.errors import InputError
from heartbed.kernel import proc
from heartbed.look.asked import Asked
from heartbed.look.belonging import Belonging, belonging

ENGINE_DEADLINE_S = 5
HEX_ID = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True)
class Scope:
    """``words`` say of which processes; empty for all of this host."""

    words: str
    wanted: Callable[[int], bool]


def scope(asked: Asked) -> Scope:
    """The processes that the user means. Raises ``InputError`` where there are none."""
    tests: list[tuple[str, Callable[[int], bool]]] = []
    if asked.pids:
        _must_exist(asked.pids)
        tests.append((f"process {', '.join(map(str, asked.pids))}", lambda pid: pid in asked.pids))
    if asked.unit:
        unit = asked.unit if "." in asked.unit else f"{asked.unit}.service"
        _must_have(lambda each: each.unit == unit, f"no process belongs to the unit {unit}", "systemctl list-units")
        tests.append((f"unit {unit}", lambda pid: _belongs(pid).unit == unit))
    if asked.container:
        ident = container_id(asked.container)
        said = f"no process belongs to the container {asked.container}"
        _must_have(lambda each: bool(each.container and each.container.startswith(ident)), said, "docker ps")
        tests.append((f"container {asked.container}", lambda pid: (_belongs(pid).container or "").startswith(ident)))
    return Scope(" and ".join(words for words, _ in tests), lambda pid: all(test(pid) for _, test in tests))


def _belongs(pid: int) -> Belonging:
    with contextlib.suppress(OSError):
        return belonging(pid)
    return Belonging()


def _must_exist(pids: tuple[int, ...]) -> None:
    missing = [pid for pid in pids if not (proc.PROC / str(pid)).is_dir()]
    if missing:
        raise InputError(f"there is no process {missing[0]}", hint="--pid takes a number of `ps -e`")


def _must_have(test: Callable[[Belonging], bool], missing: str, lists: str) -> None:
    if not any(test(_belongs(pid)) for pid in proc.pids()):
        raise InputError(f"{missing} on this host", hint=f"`{lists}` names those that there are")


def container_id(name: str) -> str:
    """The id of a container by its name, as Docker or Podman knows it; an id, or the beginning of one, is itself.

    Raises ``InputError`` where neither knows it.
    """
    if HEX_ID.fullmatch(name):
        return name
    ident, silent = _of_docker(name)
    ident = ident or _of_podman(name)
    if ident is None:
        asked = f" ({silent})" if silent else ""
        raise InputError(
            f"no container is called {name!r}, as far as Docker and Podman say{asked}",
            hint="give the container's id, of 12 digits or more: that works for every engine",
        )
    return ident


def _of_docker(name: str) -> tuple[str | None, str]:
    """The id, or why Docker could not be asked."""
    try:
        with contextlib.closing(docker.from_env(timeout=ENGINE_DEADLINE_S)) as client:
            return client.containers.get(name).id, ""
    except docker.errors.NotFound:
        return None, ""
    except (docker.errors.DockerException, requests.RequestException):
        return None, "Docker does not answer"


def _of_podman(name: str) -> str | None:
    if not shutil.which("podman"):
        return None
    command = ["podman", "container", "inspect", "--", name]
    with contextlib.suppress(OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        done = subprocess.run(command, capture_output=True, check=False, timeout=ENGINE_DEADLINE_S)
        return str(json.loads(done.stdout)[0]["Id"]) if done.returncode == 0 else None
    return None
