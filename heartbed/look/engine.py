"""As what a container's engine has started its first process: asked only of a process that does not show it itself."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import docker
import docker.errors
import requests

DEADLINE_S = 5


@dataclass(frozen=True)
class Started:
    """The command and the environment that a process was given."""

    argv: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)


def started(container: str, engine: str | None, pid: int) -> Started | None:
    """Of a container's first process; None for any other one, and where the engine does not tell."""
    told = {"docker": _docker, "podman": _podman}.get(engine or "", _nobody)(container)
    with contextlib.suppress(LookupError, TypeError, ValueError, AttributeError):
        if int(told["State"]["Pid"]) == pid:
            given = (str(each).partition("=") for each in told["Config"]["Env"] or ())
            argv = (told["Path"], *(told["Args"] or ()))
            return Started(tuple(map(str, argv)), {name: value for name, _, value in given})
    return None


def _nobody(container: str) -> dict[str, Any]:
    del container
    return {}


def _docker(container: str) -> dict[str, Any]:
    refused = docker.errors.DockerException, requests.RequestException
    with contextlib.suppress(*refused), contextlib.closing(docker.from_env(timeout=DEADLINE_S)) as client:
        return dict(client.api.inspect_container(container))
    return {}


def _podman(container: str) -> dict[str, Any]:
    if shutil.which("podman"):
        command = ["podman", "container", "inspect", "--", container]
        with contextlib.suppress(OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
            done = subprocess.run(command, capture_output=True, check=False, timeout=DEADLINE_S)
            return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else {}
    return {}
