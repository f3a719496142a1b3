"""The Docker engine: reaching it, and saying in plain words when it does not answer."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import docker
import docker.errors
import requests

from heartbed.errors import TestbedError
from heartbed.testbed.commands import run

TIMEOUT_S = 60
COMPOSE_DEADLINE_S = 10
DOCTOR = "`make doctor` says what is missing and how to get it"


def connect() -> docker.DockerClient:
    """A client of the Docker engine. Raises ``TestbedError`` when none answers."""
    where = os.environ.get("DOCKER_HOST")
    try:
        client = docker.from_env(timeout=TIMEOUT_S)
        client.ping()
    except (docker.errors.DockerException, requests.RequestException) as error:
        at = f" at DOCKER_HOST={where}" if where else ""
        raise TestbedError(f"no Docker engine answers{at}: {reason(error)}", hint=DOCTOR) from None
    return client


@contextlib.contextmanager
def engine_errors() -> Iterator[None]:
    """Turn a refusal of the engine, or its silence, into ``TestbedError``."""
    try:
        yield
    except docker.errors.APIError as error:
        raise TestbedError(f"the Docker engine refused: {error.explanation or error}", hint=DOCTOR) from error
    except (docker.errors.DockerException, requests.RequestException) as error:
        raise TestbedError(f"the Docker engine answers no more: {reason(error)}", hint=DOCTOR) from error


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
    found = {"engine": str(client.version().get("Version", "unknown"))}
    with contextlib.suppress(TestbedError):
        found["compose"] = run(["docker", "compose", "version", "--short"], COMPOSE_DEADLINE_S).out.strip()
    return found
