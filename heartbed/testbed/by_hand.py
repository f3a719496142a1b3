"""The stack by hand: compose.yaml brought up, followed, taken down; and the clean-up of all that Heartbed made."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors
from dotenv import dotenv_values

from heartbed.errors import InputError, TestbedError
from heartbed.files import read_octets
from heartbed.places import PARTS, ROOT, STATE
from heartbed.testbed import cleanup
from heartbed.testbed.broker import about_log
from heartbed.testbed.commands import Done, run
from heartbed.testbed.engine import connect, engine_errors
from heartbed.testbed.images import files
from heartbed.testbed.labels import FILES_LABEL, LOCK_LABEL, MADE_BY_US

UP_DEADLINE_S = 180
COMPOSE_DEADLINE_S = UP_DEADLINE_S + 30
LOG_LINES = 15
LARGEST_ENV = 2**20

PORTS = {
    "HEARTBED_PREFORK_PORT": 8081,
    "HEARTBED_EVENT_PORT": 8082,
    "HEARTBED_MANAGEMENT_PORT": 15672,
    "HEARTBED_AMQP_PORT": 56720,
}
"""Variables of compose.yaml and the ports on 127.0.0.1 that they move."""


@dataclass(frozen=True)
class ByHand:
    """The services of compose.yaml, and where they are published."""

    root: Path = ROOT

    @property
    def env_file(self) -> Path:
        """Where settings and the password are: in a clone beside compose.yaml, else in the user's cache folder."""
        return (STATE if self.root == PARTS else self.root) / ".env"

    def environment(self) -> dict[str, str]:
        """The environment for Compose: what the shell has, then what ``.env`` adds."""
        return {**read_env(self.env_file), **os.environ}

    def ports(self) -> dict[str, int]:
        """Variable -> port. Raises ``InputError`` for a port that is not one."""
        environment = self.environment()
        ports = {}
        for name, default in PORTS.items():
            text = environment.get(name, str(default))
            if not re.fullmatch(r"[0-9]{4,5}", text) or not 1024 <= int(text) <= 65535:
                raise InputError(f"{name}={text!r} is not a port", hint="give a number from 1024 to 65535")
            ports[name] = int(text)
        return ports

    def compose(self, *arguments: str) -> Done:
        """What ``docker compose`` says to arguments on compose.yaml. Raises ``TestbedError``."""
        command = ["docker", "compose", "--ansi", "never", "--project-directory", str(self.root), *arguments]
        return run(command, COMPOSE_DEADLINE_S, env=self.environment(), cwd=self.root)

    def show(self, *arguments: str) -> int:
        """Let ``docker compose`` speak to the terminal itself, and the terminal's Ctrl-C reach it; its exit code."""
        command = ["docker", "compose", "--project-directory", str(self.root), *arguments]
        return subprocess.run(command, env=self.environment(), cwd=self.root, check=False).returncode

    def up(self) -> None:
        """Start everything and wait until it is healthy; on failure say why and leave nothing running.

        Raises ``InputError`` for a port that is taken, ``TestbedError`` for a service that does not come up.
        """
        ensure_password(self.env_file)
        if not self.running():
            self._refuse_taken_ports()
        options = ("--detach", "--no-build", "--pull", "never", "--wait", "--wait-timeout", str(UP_DEADLINE_S))
        try:
            done = self.compose("up", *options)
        except KeyboardInterrupt:
            # Compose is dead, but not what it has asked of the engine: `down` could come too early.
            project = self.environment().get("COMPOSE_PROJECT_NAME") or "heartbed"
            labels = (MADE_BY_US, f"com.docker.compose.project={project}")
            cleanup.remove(connect(), *labels, settle_s=cleanup.SETTLE_S).check()
            raise
        if done.code:
            error = self._failure(done.err)
            self.compose("down", "--volumes", "--timeout", "1")
            raise error

    def running(self) -> bool:
        """Whether any of its services runs."""
        return bool(self.compose("ps", "--quiet").out.strip())

    def _refuse_taken_ports(self) -> None:
        for name, port in self.ports().items():
            with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind(("127.0.0.1", port))
                except OSError:
                    raise InputError(
                        f"port {port} on 127.0.0.1 is taken ({name})",
                        hint=f"move it: {name}={port + 1000} heartbed up   (or put that line into .env)",
                    ) from None

    def _failure(self, stderr: str) -> TestbedError:
        """What failed, from the states of the services and their logs."""
        states = self.compose("ps", "--all", "--format", "json").out
        services = []
        for line in states.splitlines():
            with contextlib.suppress(ValueError):
                services.append(json.loads(line))
        failed = failed_first(services)
        if not failed:
            log = stderr.strip().splitlines()[-LOG_LINES:]
            return TestbedError("the stack did not come up", log=log, hint="`heartbed doctor`")
        name, state = failed[0]["Service"], failed[0].get("State")
        with contextlib.closing(connect()) as client, engine_errors():
            log = client.api.logs(failed[0]["ID"], tail=LOG_LINES).decode("utf-8", "replace").splitlines()
        how = f"{state} with code {failed[0].get('ExitCode')}" if state == "exited" else "it is not healthy"
        return TestbedError(f"{name} did not come up: {how}", log=log, hint=about_log(log, name))

    def down(self) -> None:
        """Stop and remove the services, their network and volumes. Raises ``TestbedError``."""
        if self.show("down", "--volumes", "--timeout", "2", "--remove-orphans"):
            raise TestbedError("`docker compose down` failed", hint="`heartbed clean` removes everything")


def failed_first(services: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of Compose's services that have failed, the likeliest culprit first. One that was only created waits."""
    ended = [each for each in services if each.get("State") not in ("running", "created")]
    return ended + [each for each in services if each.get("State") == "running" and each.get("Health") != "healthy"]


def read_env(path: Path) -> dict[str, str]:
    """What an env file sets, read as Compose does: quotes, trailing comments; an absent file sets nothing.

    Raises ``InputError`` for one that cannot be read.
    """
    try:
        text = read_octets(path, LARGEST_ENV).decode("utf-8") if path.exists() else ""
    except UnicodeDecodeError as error:
        raise InputError(f"cannot read {path}: {error}", hint="it holds lines as HEARTBED_AMQP_PORT=5673") from None
    values = dotenv_values(stream=io.StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def ensure_password(path: Path) -> None:
    """Put a password for the broker into the env file, once; other lines stay as they are."""
    if read_env(path).get("HEARTBED_PASSWORD") or os.environ.get("HEARTBED_PASSWORD"):
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    note = "# Made by `heartbed up`; the broker's user is heartbed.\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}{note}HEARTBED_PASSWORD={secrets.token_urlsafe(18)}\n", encoding="utf-8")
    path.chmod(0o600)


def clean(client: docker.DockerClient, *labels: str) -> tuple[int, int]:
    """Remove every container, network, volume and image that carries Heartbed's label; with more labels, those too.

    What a run that is alive uses stays. Returns how many containers and images were removed.
    Raises ``TestbedError`` when something cannot be removed.
    """

    def stays(labelled: Mapping[str, str]) -> bool:
        lock = labelled.get(LOCK_LABEL)
        return FILES_LABEL in labelled or (lock is not None and cleanup.locked(Path(lock)))

    wanted = (MADE_BY_US, *labels)
    removal = cleanup.remove(client, *wanted, keep=stays, settle_s=cleanup.SETTLE_S)
    files.clear(client, *wanted)
    images = 0
    # Twice: an image that another was built on can go only after it.
    for _ in range(2):
        for image in client.images.list(filters={"label": list(wanted)}, all=False):
            with contextlib.suppress(docker.errors.APIError):
                for name in image.tags or [image.id or ""]:
                    client.images.remove(name)
                images += 1
    removal.check()
    return removal.containers, images
