"""The containers of one run: created from a Compose file, started, addressed, removed.

Everything that is made carries labels (``heartbed.compose.Labels``). A run
holds a lock on a file while it lives, and its containers name that file: what
a killed run left behind is recognised by its lock being free.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests
from docker.models.containers import Container
from filelock import FileLock, Timeout

from heartbed.errors import TestbedError
from heartbed.plan import AMQP_PORT, HTTP_PORT

LOG_LINES = 25
CREATE_DEADLINE_S = 180
LABEL = "heartbed"
RUN_LABEL = "heartbed.run"
LOCK_LABEL = "heartbed.lock"
CHECKOUT_LABEL = "heartbed.checkout"


def connect() -> docker.DockerClient:
    """A client of the Docker engine. Raises ``TestbedError`` when none answers."""
    try:
        client = docker.from_env(timeout=60)
        client.ping()
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise TestbedError(
            f"no Docker engine answers: {error}", hint="`make doctor` says what is missing and how to get it"
        ) from None
    return client


class Testbed:
    """The containers that one Compose file describes."""

    __test__ = False

    def __init__(self, client: docker.DockerClient, project: str, run: str, file: Path) -> None:
        self.client = client
        self.project = project
        self.run = run
        self.file = file
        self._containers: dict[str, Container] = {}

    def create(self) -> None:
        """Create the network and every container, starting none. Raises ``TestbedError``."""
        command = ["docker", "compose", "--project-name", self.project, "--file", str(self.file)]
        command += ["create", "--no-build", "--pull", "never"]
        # A session of its own: Ctrl-C must end us in order, not tear Compose in the middle.
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=CREATE_DEADLINE_S,
                start_new_session=True,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TestbedError(f"`docker compose create` did not work: {error}", hint="`make doctor`") from error
        if done.returncode:
            raise TestbedError(
                "`docker compose create` failed",
                log=done.stderr.strip().splitlines()[-LOG_LINES:],
                hint=f"the Compose file is {self.file}; `make doctor` checks the machine",
            )
        for container in self.client.containers.list(all=True, filters={"label": f"{RUN_LABEL}={self.run}"}):
            self._containers[container.labels["com.docker.compose.service"]] = container

    def container(self, service: str) -> Container:
        """The container of a service."""
        return self._containers[service]

    def start(self, service: str) -> Container:
        """Start one container and learn its addresses. Raises ``TestbedError`` when it cannot start."""
        container = self._containers[service]
        try:
            container.start()
            container.reload()
        except docker.errors.APIError as error:
            raise TestbedError(f"{service} does not start: {error.explanation or error}") from error
        return container

    def ip(self, service: str) -> str:
        """The address of a started container on the run's network."""
        networks: dict[str, Any] = self._containers[service].attrs["NetworkSettings"]["Networks"]
        return str(next(iter(networks.values()))["IPAddress"])

    def host_pid(self, service: str) -> int:
        """The container's first process, as the engine's host numbers it; 0 when it has ended."""
        return int(self._containers[service].attrs["State"]["Pid"])

    def published(self, service: str, port: int) -> int:
        """The port on 127.0.0.1 that leads to ``port`` of a started container."""
        container = self._containers[service]
        bindings = container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp")
        if not bindings:
            container.reload()
            bindings = container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp")
        if not bindings:
            raise self.failure(service, f"{service} has ended before its port {port} was published")
        return int(bindings[0]["HostPort"])

    def url(self, service: str) -> str:
        """Where a cell answers, as seen from this machine."""
        return f"http://127.0.0.1:{self.published(service, HTTP_PORT)}"

    def amqp_port(self) -> int:
        """Where the broker answers on 127.0.0.1."""
        return self.published("rabbitmq", AMQP_PORT)

    def running(self, service: str) -> bool:
        """Whether the container runs at this moment."""
        container = self._containers[service]
        container.reload()
        return bool(container.status == "running")

    def log(self, service: str, lines: int = LOG_LINES) -> list[str]:
        """The last lines of a container's log."""
        with contextlib.suppress(docker.errors.DockerException):
            raw: bytes = self._containers[service].logs(tail=lines)
            return raw.decode("utf-8", "replace").splitlines()
        return []

    def failure(self, service: str, what: str, hint: str = "") -> TestbedError:
        """An error about a service, with the last lines of its log."""
        return TestbedError(what, log=self.log(service), hint=hint)

    def down(self) -> None:
        """Remove the run's containers, networks and volumes. May be called at any time, also twice."""
        remove(self.client, f"{RUN_LABEL}={self.run}")


def remove(client: docker.DockerClient, label: str, *, keep: Callable[[dict[str, str]], bool] = lambda _: False) -> int:
    """Remove containers, networks and volumes with a label, save those whose labels ``keep`` accepts.

    Returns how many containers were removed.
    """
    filters: dict[str, str | list[str] | bool] = {"label": label}
    containers = [
        c for c in client.containers.list(all=True, filters=filters, ignore_removed=True) if not keep(c.labels)
    ]
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(_remove_container, containers))
    for network in client.networks.list(filters=filters):
        if not keep(network.attrs.get("Labels") or {}):
            with contextlib.suppress(docker.errors.APIError):
                network.remove()
    for volume in client.volumes.list(filters=filters):
        if not keep(volume.attrs.get("Labels") or {}):
            with contextlib.suppress(docker.errors.APIError):
                volume.remove()
    return len(containers)


def _remove_container(container: Container) -> None:
    with contextlib.suppress(docker.errors.APIError):
        container.remove(force=True, v=True)


def alive(labels: dict[str, str]) -> bool:
    """Whether the run that made something still holds its lock; what has no lock, the stack by hand, is alive."""
    path = labels.get(LOCK_LABEL)
    if not path:
        return True
    if not Path(path).exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except (Timeout, OSError):
        return True


def sweep(client: docker.DockerClient) -> int:
    """Remove what killed runs left behind, and only that. Returns how many containers were removed."""
    cache: dict[str, bool] = {}

    def keep(labels: dict[str, str]) -> bool:
        path = labels.get(LOCK_LABEL, "")
        if path not in cache:
            cache[path] = alive(labels)
        return cache[path]

    return remove(client, f"{LABEL}=1", keep=keep)


def versions(client: docker.DockerClient) -> dict[str, str]:
    """Versions of the engine and of Compose."""
    found = {"engine": str(client.version().get("Version", "unknown"))}
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        command = ["docker", "compose", "version", "--short"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
        found["compose"] = done.stdout.strip()
    return found
