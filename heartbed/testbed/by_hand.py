"""The stack by hand: compose.yaml brought up, followed, taken down; and the clean-up of all that Heartbed made."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors

from heartbed.errors import InputError, TestbedError
from heartbed.places import ROOT
from heartbed.testbed import cleanup
from heartbed.testbed.containers import about_log
from heartbed.testbed.engine import connect, engine_errors

ENV_FILE = ROOT / ".env"
UP_DEADLINE_S = 180
LOG_LINES = 15

PORTS = {
    "HEARTBED_PREFORK_PORT": 8081,
    "HEARTBED_EVENT_PORT": 8082,
    "HEARTBED_MANAGEMENT_PORT": 15672,
    "HEARTBED_AMQP_PORT": 56720,
}
"""Variables of compose.yaml and the ports on 127.0.0.1 that they move."""


@dataclass(frozen=True)
class Stack:
    """The services of compose.yaml, and where they are published."""

    root: Path = ROOT

    def environment(self) -> dict[str, str]:
        """The environment for Compose: what the shell has, then what ``.env`` adds."""
        return {**read_env(self.root / ENV_FILE.name), **os.environ}

    def ports(self) -> dict[str, int]:
        """Variable -> port. Raises ``InputError`` for a port that is not one."""
        environment = self.environment()
        found = {}
        for name, default in PORTS.items():
            text = environment.get(name, str(default))
            if not text.isdigit() or not 1024 <= int(text) <= 65535:
                raise InputError(f"{name}={text!r} is not a port", hint="give a number from 1024 to 65535")
            found[name] = int(text)
        return found

    def compose(self, *arguments: str, capture: bool = False) -> subprocess.CompletedProcess[str]:
        """Run ``docker compose`` on compose.yaml. With ``capture``, Ctrl-C does not reach it but only us."""
        plain = ("--ansi", "never") if capture else ()
        command = ["docker", "compose", *plain, "--project-directory", str(self.root), *arguments]
        return subprocess.run(
            command,
            env=self.environment(),
            capture_output=capture,
            text=True,
            cwd=self.root,
            check=False,
            start_new_session=capture,
        )

    def up(self) -> None:
        """Start everything and wait until it is healthy; on failure say why and leave nothing running.

        Raises ``InputError`` for a port that is taken, ``TestbedError`` for a service that does not come up.
        """
        ensure_password(self.root / ENV_FILE.name)
        if not self.running():
            self._refuse_taken_ports()
        options = ("--detach", "--no-build", "--pull", "never", "--wait", "--wait-timeout", str(UP_DEADLINE_S))
        try:
            done = self.compose("up", *options, capture=True)
        except KeyboardInterrupt:
            # Compose is dead, but not what it has asked of the engine: `down` could come too early.
            project = self.environment().get("COMPOSE_PROJECT_NAME") or "heartbed"
            labels = (f"{cleanup.LABEL}=1", f"com.docker.compose.project={project}")
            cleanup.remove(connect(), *labels, settle_s=cleanup.SETTLE_S).check()
            raise
        if done.returncode:
            error = self._failure(done.stderr)
            self.compose("down", "--volumes", "--timeout", "1", capture=True)
            raise error

    def running(self) -> bool:
        """Whether any of its services runs."""
        return bool(self.compose("ps", "--quiet", capture=True).stdout.strip())

    def _refuse_taken_ports(self) -> None:
        for name, port in self.ports().items():
            with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    listener.bind(("127.0.0.1", port))
                except OSError:
                    raise InputError(
                        f"port {port} on 127.0.0.1 is taken ({name})",
                        hint=f"move it: {name}={port + 1000} make up   (or put that line into .env)",
                    ) from None

    def _failure(self, stderr: str) -> TestbedError:
        """What failed, from the states of the services and their logs."""
        states = self.compose("ps", "--all", "--format", "json", capture=True).stdout
        services = []
        for line in states.splitlines():
            with contextlib.suppress(ValueError):
                services.append(json.loads(line))
        failed = failed_first(services)
        if not failed:
            log = stderr.strip().splitlines()[-LOG_LINES:]
            return TestbedError("the stack did not come up", log=log, hint="`make doctor`")
        name, state = failed[0]["Service"], failed[0].get("State")
        with contextlib.closing(connect()) as client, engine_errors():
            log = client.api.logs(failed[0]["ID"], tail=LOG_LINES).decode("utf-8", "replace").splitlines()
        how = f"{state} with code {failed[0].get('ExitCode')}" if state == "exited" else "it is not healthy"
        return TestbedError(f"{name} did not come up: {how}", log=log, hint=about_log(log, name))

    def down(self) -> None:
        """Stop and remove the services, their network and volumes. Raises ``TestbedError``."""
        if self.compose("down", "--volumes", "--timeout", "2", "--remove-orphans").returncode:
            raise TestbedError("`docker compose down` failed", hint="`make doctor`; `make clean` removes everything")


def failed_first(services: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of Compose's services that have failed, the likeliest culprit first. One that was only created waits."""
    ended = [each for each in services if each.get("State") not in ("running", "created")]
    return ended + [each for each in services if each.get("State") == "running" and each.get("Health") != "healthy"]


def read_env(path: Path) -> dict[str, str]:
    """``NAME=value`` lines of an env file; an absent file has none."""
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def ensure_password(path: Path) -> None:
    """Put a password for the broker into the env file, once; other lines stay as they are."""
    if read_env(path).get("HEARTBED_PASSWORD") or os.environ.get("HEARTBED_PASSWORD"):
        return
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    note = "# Made by `make up`; the broker's user is heartbed.\n"
    path.write_text(f"{before}{note}HEARTBED_PASSWORD={secrets.token_urlsafe(18)}\n", encoding="utf-8")
    path.chmod(0o600)


def clean(client: docker.DockerClient, *labels: str) -> tuple[int, int]:
    """Remove every container, network, volume and image that carries Heartbed's label; with more labels, those too.

    What a run that is alive uses stays. Returns how many containers and images were removed.
    Raises ``TestbedError`` when something cannot be removed.
    """

    def in_use(found: Mapping[str, str]) -> bool:
        lock = found.get(cleanup.LOCK_LABEL)
        return lock is not None and cleanup.locked(Path(lock))

    wanted = (f"{cleanup.LABEL}=1", *labels)
    removal = cleanup.remove(client, *wanted, keep=in_use, settle_s=cleanup.SETTLE_S)
    images = 0
    # Twice: an image that another was built on can go only after it.
    for _ in range(2):
        for image in client.images.list(filters={"label": list(wanted)}, all=False):
            names = image.tags or [image.id or ""]
            for name in names:
                with contextlib.suppress(docker.errors.APIError):
                    client.images.remove(name)
                    images += 1
    removal.check()
    return removal.containers, images
