"""The containers of one run: created from a Compose file, started, addressed, removed.

Everything that is made carries labels (``heartbed.testbed.labels.Labels``), by which
``heartbed.testbed.cleanup`` finds it.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests
from docker.models.containers import Container

from heartbed.errors import TestbedError
from heartbed.places import AMQP_PORT, HTTP_PORT
from heartbed.testbed import cleanup
from heartbed.testbed.broker import about_log
from heartbed.testbed.changes import EngineEvents
from heartbed.testbed.commands import run
from heartbed.testbed.engine import about_processes, engine_errors
from heartbed.testbed.helper import Helper, text
from heartbed.testbed.labels import RUN_LABEL
from heartbed.testbed.testbed import HELD, LOG_LINES, Address, ChangeFeed, LogFeed

REMOVERS = 8
CREATE_DEADLINE_S = 180
STOP_PATIENCE_S = 5
"""How long a service that is stopped may take before it is killed."""


class Containers:
    """The containers that one Compose file describes: a ``Testbed``."""

    def __init__(self, client: docker.DockerClient, project: str, run: str, file: Path) -> None:
        self.client = client
        self.project = project
        self.run = run
        self.file = file
        self._containers: dict[str, Container] = {}

    def create(self, services: Sequence[str] = ()) -> None:
        """Create the network and these containers, or all that are missing. Raises ``TestbedError``."""
        where = ("--project-name", self.project, "--file", str(self.file))
        done = run(
            ["docker", "compose", *where, "create", "--no-build", "--pull", "never", *services],
            CREATE_DEADLINE_S,
            env={**os.environ, HELD: "true"},
        )
        if done.code:
            raise TestbedError(
                "`docker compose create` failed",
                log=done.err.strip().splitlines()[-LOG_LINES:],
                hint=about_processes(done.err)
                or f"the Compose file is {self.file}; `heartbed doctor` checks the machine",
            )
        for container in self.client.containers.list(
            all=True, ignore_removed=True, filters={"label": f"{RUN_LABEL}={self.run}"}
        ):
            # One that is there already may have been started, and knows since then where it is.
            self._containers.setdefault(container.labels["com.docker.compose.service"], container)

    def start(self, service: str) -> None:
        """Start one container and learn its addresses. Raises ``TestbedError`` when it cannot start."""
        container = self._containers[service]
        try:
            container.start()
            container.reload()
        except docker.errors.APIError as error:
            said = str(error.explanation or error)
            raise TestbedError(f"{service} does not start: {said}", hint=about_processes(said)) from error

    def address(self, service: str) -> Address:
        """Where a started container is on the run's network, and on the engine's host."""
        container = self._containers[service]
        networks: dict[str, Any] = container.attrs["NetworkSettings"]["Networks"]
        # One that lives in the network of another has none of its own.
        ip = str(next((each["IPAddress"] for each in networks.values()), ""))
        return Address(ip, container.id or "", int(container.attrs["State"]["Pid"]))

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
        return self.published("observer", AMQP_PORT)

    def running(self, service: str) -> bool:
        """Whether the container runs at this moment."""
        container = self._containers[service]
        try:
            container.reload()
        except docker.errors.NotFound:
            return False
        return bool(container.status == "running")

    def on_end(self, service: str, tell: Callable[[], None]) -> None:
        """Have ``tell`` called, in a thread of its own, when a started container ends or is removed."""
        container = self._containers[service]

        def wait() -> None:
            with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
                container.wait(timeout=None)
                tell()

        threading.Thread(target=wait, name=f"{service}-end", daemon=True).start()

    def log(self, service: str, lines: int = LOG_LINES) -> list[str]:
        """The last lines of a container's log."""
        with contextlib.suppress(docker.errors.DockerException):
            raw: bytes = self._containers[service].logs(tail=lines)
            return raw.decode("utf-8", "replace").splitlines()
        return []

    def follow(self, service: str) -> LogFeed:
        """A container's log from its beginning, so that nothing is missed however late this is."""
        feed: LogFeed = self._containers[service].logs(stream=True, follow=True, timestamps=True)
        return feed

    def changes(self) -> ChangeFeed:
        """What the engine tells of this run's containers from now on."""
        wanted = {"type": ["container", "network"]}
        services = {container.id or "": service for service, container in self._containers.items()}
        return EngineEvents(self.client.events(decode=True, filters=wanted), services)

    def inside(self, service: str, *command: str) -> list[str]:
        """The command that runs ``command`` inside a started container, with its standard streams."""
        return ["docker", "exec", "-i", self._containers[service].id or "", *command]

    def pause(self, service: str) -> None:
        """Freeze the container."""
        with engine_errors():
            self._containers[service].pause()

    def resume(self, service: str) -> None:
        """Thaw it; one that is gone, or goes on already, needs none."""
        container = self._containers[service]
        with engine_errors(), contextlib.suppress(docker.errors.NotFound):
            container.reload()
            if container.status == "paused":
                container.unpause()

    def stop(self, service: str) -> None:
        """Stop the container: SIGTERM, and SIGKILL where that does not end it."""
        with engine_errors():
            self._containers[service].stop(timeout=STOP_PATIENCE_S)

    def signal(self, service: str, signal: str) -> None:
        """Send a signal to its first process."""
        with engine_errors():
            self._containers[service].kill(signal=f"SIG{signal}")

    def execute(self, service: str, *command: str) -> str:
        """Run a command inside it."""
        with engine_errors():
            code, said = self._containers[service].exec_run(list(command))
        if code:
            log = text(said).splitlines()[-LOG_LINES:]
            raise TestbedError(f"`{' '.join(command)}` failed in {service} ({code})", log=log)
        return text(said)

    def enter_network(self, service: str, *command: str) -> str:
        """Run a command in a container that shares the network of this one, and is thrown away."""
        network = f"container:{self._containers[service].id}"
        observer = self._containers["observer"]
        image, labels = observer.attrs["Image"], dict(observer.labels)
        return Helper(self.client, image, labels, network).run(command, ["NET_ADMIN"])

    def failure(self, service: str, what: str) -> TestbedError:
        """An error about a service, with the last lines of its log."""
        log = self.log(service)
        return TestbedError(what, log=log, hint=f"{self._state(service)}; {about_log(log, service)}")

    def _state(self, service: str) -> str:
        """Whether it runs, in words."""
        try:
            container = self._containers[service]
            container.reload()
        except (KeyError, docker.errors.DockerException, requests.RequestException):
            return f"{service} is not there"
        if container.status == "exited":
            return f"{service} has ended with code {container.attrs['State']['ExitCode']}"
        return f"{service} is {container.status}"

    def remove(self, services: Sequence[str]) -> None:
        """Remove these containers ahead of ``down``, which tries again whatever does not go now."""

        def remove(service: str) -> None:
            with contextlib.suppress(docker.errors.APIError):
                self._containers[service].remove(force=True, v=True)

        with ThreadPoolExecutor(max_workers=REMOVERS) as pool:
            list(pool.map(remove, services))

    def down(self) -> None:
        """Remove the run's containers, networks and volumes. May be called at any time, also twice.

        Raises ``TestbedError`` when something could not be removed.
        """
        cleanup.remove(self.client, f"{RUN_LABEL}={self.run}").check()
