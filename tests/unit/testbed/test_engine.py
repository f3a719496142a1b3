"""Which Docker engine is talked to, and what is said of one that cells cannot be played on."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from heartbed.errors import NoEngineError
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
    with pytest.raises(NoEngineError, match="does not let this user in") as raised:
        engine.connect()
    assert "usermod -aG docker" in raised.value.hint


def answering(monkeypatch: pytest.MonkeyPatch, *components: str) -> None:
    """An engine of version 4.3.1 answers, which has these components."""
    version = {"Components": [{"Name": name, "Version": "4.3.1"} for name in components]}
    api = SimpleNamespace(base_url="http+docker://localhost", timeout=0)
    client = SimpleNamespace(ping=lambda: True, version=lambda: version, api=api)
    monkeypatch.setattr("docker.from_env", lambda **_: client)


def test_podman_is_told_as_such_before_anything_is_built_or_played(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "Podman Engine", "Conmon", "Engine")
    with pytest.raises(NoEngineError, match=r"Podman 4\.3\.1, and has no BuildKit") as raised:
        engine.connect()
    assert "DOCKER_HOST" in raised.value.hint


def test_what_is_left_on_podman_can_be_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "Podman Engine")
    engine.connect(to_play=False)


def test_an_engine_over_ssh_is_said_to_be_not_covered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://nobody@192.0.2.1")
    with pytest.raises(NoEngineError, match=r"ssh://nobody@192\.0\.2\.1 is reached over ssh: this is not covered"):
        engine.connect()


def test_dockers_own_engine_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, "Engine", "containerd", "runc")
    engine.connect()


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
