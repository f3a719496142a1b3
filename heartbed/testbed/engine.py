"""The Docker engine: reaching it, and saying in plain words when it does not answer."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import docker
import docker.errors
import requests
from docker.context import ContextAPI

from heartbed.errors import NoEngineError, TestbedError
from heartbed.testbed.commands import run

TIMEOUT_S = 60
FIRST_DEADLINE_S = 20
NAMED_DEADLINE_S = 4
"""How long the first answer may take: where somebody has named an engine, it is rather the name that is wrong."""

COMPOSE_DEADLINE_S = 10
NOT_LET_IN = (
    "`sudo usermod -aG docker $USER` and log in again; or, with a rootless engine of your own, "
    "DOCKER_HOST=unix://$XDG_RUNTIME_DIR/docker.sock"
)
NO_PROCESSES = re.compile(r'mounting "proc" to rootfs|host\'?s? pid namespace|PID namespace', re.IGNORECASE)
"""What engines say that cannot let a container see the host's processes: rootless ones, and those with userns-remap."""

RUN_THERE = "run heartbed there: cells see files of the engine's machine, and answer on its loopback interface"

WITHOUT_SSH = "SSHHTTPAdapter"
"""What the SDK misses where it has no ssh, which Heartbed does without."""

DOCTOR = "`heartbed doctor` says what is missing and how to get it"


def connect(*, to_play: bool = True) -> docker.DockerClient:
    """A client of the Docker engine. Raises ``NoEngineError`` when none answers.

    So it does, unless ``to_play`` is false, when the one that answers is Podman.
    """
    named = next((name for name in ("DOCKER_HOST", "DOCKER_CONTEXT") if os.environ.get(name)), "")
    at = f" at {named}={os.environ[named]}" if named else ""
    try:
        if named == "DOCKER_CONTEXT" and ContextAPI.get_context(os.environ[named]) is None:
            raise NoEngineError(
                f"there is no Docker context {os.environ[named]!r}", hint="`docker context ls` lists them"
            )
        client = docker.from_env(timeout=NAMED_DEADLINE_S if named else FIRST_DEADLINE_S)
        client.ping()
    # Of what is wrong in an address or a context the SDK tells in many ways.
    except (docker.errors.DockerException, requests.RequestException, ValueError, OSError, AttributeError) as error:
        if reason(error) == os.strerror(errno.EACCES):
            raise NoEngineError(f"the Docker engine{at} does not let this user in", hint=NOT_LET_IN) from None
        if WITHOUT_SSH in reason(error):
            raise NoEngineError(
                f"the Docker engine{at} is reached over ssh: this is not covered", hint=RUN_THERE
            ) from None
        raise NoEngineError(f"no Docker engine answers{at}: {reason(error)}", hint=DOCTOR) from None
    client.api.timeout = TIMEOUT_S
    if host := elsewhere(client.api.base_url):
        raise NoEngineError(
            f"the Docker engine{at} is on another machine, {host}",
            hint=RUN_THERE,
        )
    if to_play:
        with engine_errors():
            _refuse_podman(client)
    return client


def elsewhere(url: str) -> str:
    """The host of an engine that is on another machine; empty for a socket, and for an address of this machine's."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        return ""
    with contextlib.suppress(OSError):
        for family, _, _, _, where in socket.getaddrinfo(address.hostname, None, type=socket.SOCK_STREAM):
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as here:
                here.bind((where[0], 0))  # only an address of this machine can be
                return ""
    return address.hostname


def _refuse_podman(client: docker.DockerClient) -> None:
    """Raise ``NoEngineError`` for Podman behind Docker's API, which images are not built by and records not made on."""
    parts = client.version().get("Components") or ()
    podman = next((each["Version"] for each in parts if each["Name"] == "Podman Engine"), None)
    if podman is not None:
        raise NoEngineError(
            f"the engine is Podman {podman}, and has no BuildKit, by which images are built; nor do its logs tell the "
            "fractions of a second by which losses are told (as seen with Podman 4.3)",
            hint="get a Docker engine, rootless or not, and name its socket by DOCKER_HOST",
        )


def about_processes(said: str) -> str:
    """A hint for an engine that cannot let the observer look into processes; empty where it is something else."""
    if not NO_PROCESSES.search(said):
        return ""
    return (
        "this engine, as a rootless one, lets no container see the host's processes, which the observer looks into; "
        "--untrusted does without: losses are found, but have no proven cause"
    )


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Turn a refusal of the engine, or its silence, into ``TestbedError``."""
    try:
        yield
    except docker.errors.APIError as error:
        raise TestbedError(f"the Docker engine refused: {error.explanation or error}", hint=DOCTOR) from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise NoEngineError(f"the Docker engine answers no more: {reason(error)}", hint=DOCTOR) from error


def reason(error: BaseException) -> str:
    """The words of the innermost error: the outer ones only wrap it."""
    inner: BaseException | None = error
    said = ""
    while inner is not None:
        said = _said(inner) or said
        inner = inner.__cause__ or inner.__context__
    return said or type(error).__name__


def _said(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    return "" if "(" in text else text


def versions(client: docker.DockerClient) -> dict[str, str]:
    """Versions of the engine and of Compose."""
    numbers = {"engine": str(client.version().get("Version", "unknown"))}
    with contextlib.suppress(TestbedError):
        numbers["compose"] = run(["docker", "compose", "version", "--short"], COMPOSE_DEADLINE_S).out.strip()
    return numbers
