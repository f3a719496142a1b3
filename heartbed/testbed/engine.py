"""The Docker engine: reaching it, and saying in plain words when it does not answer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import docker
import docker.errors
import requests
from docker.context import ContextAPI

from heartbed.errors import EngineSilentError, TestbedError
from heartbed.testbed.commands import run

TIMEOUT_S = 60
FIRST_DEADLINE_S = 20
NAMED_DEADLINE_S = 4
"""How long the first answer may take: where somebody has named an engine, it is rather the name that is wrong."""

COMPOSE_DEADLINE_S = 10
DOCTOR = "`heartbed doctor` says what is missing and how to get it"


def connect() -> docker.DockerClient:
    """A client of the Docker engine. Raises ``TestbedError`` when none answers."""
    named = next((name for name in ("DOCKER_HOST", "DOCKER_CONTEXT") if os.environ.get(name)), "")
    at = f" at {named}={os.environ[named]}" if named else ""
    try:
        if named == "DOCKER_CONTEXT" and ContextAPI.get_context(os.environ[named]) is None:
            raise EngineSilentError(
                f"there is no Docker context {os.environ[named]!r}", hint="`docker context ls` lists them"
            )
        client = docker.from_env(timeout=NAMED_DEADLINE_S if named else FIRST_DEADLINE_S)
        client.ping()
    # Of what is wrong in an address or a context the SDK tells in many ways.
    except (docker.errors.DockerException, requests.RequestException, ValueError, OSError, AttributeError) as error:
        raise EngineSilentError(f"no Docker engine answers{at}: {reason(error)}", hint=DOCTOR) from None
    client.api.timeout = TIMEOUT_S
    return client


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Turn a refusal of the engine, or its silence, into ``TestbedError``."""
    try:
        yield
    except docker.errors.APIError as error:
        raise TestbedError(f"the Docker engine refused: {error.explanation or error}", hint=DOCTOR) from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise EngineSilentError(f"the Docker engine answers no more: {reason(error)}", hint=DOCTOR) from error


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
