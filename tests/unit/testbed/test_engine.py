"""Which Docker engine is talked to, and what is said of one that cells cannot be played on."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from heartbed.errors import EngineSilentError, TestbedError
from heartbed.testbed import engine


@pytest.mark.parametrize(
    "url", ["http+docker://localhost", "http+docker://ssh", "http://127.0.0.1:2375", "http://localhost:2375"]
)
def test_an_engine_of_this_machine_is_talked_to(url: str) -> None:
    assert engine.elsewhere(url) == ""


@pytest.mark.parametrize("host", ["192.0.2.1", "engine.invalid"])
def test_an_engine_on_another_machine_is_named(host: str) -> None:
    assert engine.elsewhere(f"http://{host}:2375") == host


def test_an_engine_that_lets_nobody_in_is_told_with_the_way_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(EngineSilentError, match="does not let this user in") as raised:
        engine.connect()
    assert "usermod -aG docker" in raised.value.hint


@pytest.mark.parametrize(
    ("parts", "builds"),
    [
        ([{"Name": "Engine", "Version": "20.10.24"}], True),
        ([{"Name": "Podman Engine", "Version": "4.3.1"}, {"Name": "Conmon", "Version": "2.1.6"}], False),
    ],
)
def test_images_are_built_by_an_engine_that_has_buildkit(parts: list[dict[str, str]], builds: bool) -> None:
    client = SimpleNamespace(version=lambda: {"Components": parts})
    with (
        contextlib.nullcontext() if builds else pytest.raises(TestbedError, match=r"Podman 4\.3\.1: it has no BuildKit")
    ):
        engine.must_build(cast(Any, client))


@pytest.mark.parametrize(
    "said",
    [
        'OCI runtime create failed: error mounting "proc" to rootfs at "/proc": operation not permitted',
        "cannot share the host PID namespace when user namespaces are enabled",
    ],
)
def test_an_engine_that_shows_no_processes_is_told_with_the_way_to_do_without(said: str) -> None:
    assert "--untrusted" in engine.about_processes(said)


def test_another_error_is_not_taken_for_that() -> None:
    assert engine.about_processes("no space left on device") == ""
