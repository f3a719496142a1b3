"""Images from a registry: one on loopback has a Debian and a broker laid out as the official one; both are pulled."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
from docker.errors import ImageNotFound

from heartbed.places import ROOT
from heartbed.run.images import BASE_IMAGE
from heartbed.testbed.images.build import ca_bundle
from heartbed.verdict.values import RunVerdict
from tests.acceptance import program as program_
from tests.acceptance.program import Program

pytestmark = [pytest.mark.docker, pytest.mark.slow]

OFFICIAL = Path(__file__).parent / "official"
CELLS = "prefork-daemon-{eventlet,native}"
UP_S = 20.0
BUILD_S = 600.0


@dataclass(frozen=True)
class Registry:
    """A registry that answers on loopback, where Docker asks for no certificate."""

    address: str

    def push(self, context: Path, name: str, base: str) -> str:
        """Build an image, push it, and forget it here; returns what it is pulled by."""
        tag = f"{self.address}/{name}"
        command = ["docker", "buildx", "build", "--quiet", "--load", "--tag", tag, "--build-arg", f"BASE_IMAGE={base}"]
        command += ["--secret", f"id=ca,src={ca_bundle(os.environ)}", str(context)]
        subprocess.run(command, check=True, timeout=BUILD_S, stdout=subprocess.DEVNULL)
        subprocess.run(["docker", "push", "--quiet", tag], check=True, timeout=BUILD_S, stdout=subprocess.DEVNULL)
        forget(tag)
        return tag


def forget(tag: str) -> None:
    with contextlib.closing(docker.from_env()) as client, contextlib.suppress(ImageNotFound):
        client.images.remove(tag)


def is_here(tag: str) -> bool:
    with contextlib.closing(docker.from_env()) as client, contextlib.suppress(ImageNotFound):
        return bool(client.images.get(tag))
    return False


def free_port() -> int:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    found = subprocess.run([ROOT / "scripts" / "ensure-registry"], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(found.stderr.strip())
    folder, address = tmp_path_factory.mktemp("registry"), f"127.0.0.1:{free_port()}"
    config = folder / "config.yml"
    config.write_text(
        f"version: 0.1\nstorage: {{filesystem: {{rootdirectory: {folder}}}}}\nhttp: {{addr: '{address}'}}\n"
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([found.stdout.strip(), "serve", config], stdout=log, stderr=log)
    try:
        answers(address, process)
        yield Registry(address)
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + UP_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://{address}/v2/", timeout=2):
            return
        time.sleep(0.1)
    raise AssertionError(f"the registry does not answer at {address}")


@pytest.fixture(scope="module")
def pulled(registry: Registry, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The variables that name a Debian of somebody's own and an official broker, neither of which is here yet."""
    debian = tmp_path_factory.mktemp("debian")
    (debian / "Dockerfile").write_text("ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nLABEL of=somebody\n")
    names = {
        "BASE_IMAGE": registry.push(debian, "debian:trixie-slim", BASE_IMAGE),
        "RABBITMQ_IMAGE": registry.push(OFFICIAL, "rabbitmq:4", BASE_IMAGE),
    }
    assert not any(map(is_here, names.values()))
    yield names
    for tag in names.values():
        forget(tag)


def test_the_comparison_is_played_on_images_that_are_pulled(
    pulled: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_, "DEADLINE_S", BUILD_S)
    program = Program(tmp_path / "runs", pulled)
    done = program("compare", CELLS)
    assert done.code == 1, done
    verdict = RunVerdict.model_validate_json((program.newest / "verdicts.json").read_text())
    assert {cell.cell: cell.outcome.value for cell in verdict.cells} == {
        "prefork-daemon-eventlet": "lost",
        "prefork-daemon-native": "kept",
    }
    assert all(control.ok for control in verdict.controls)
    assert f"pulling {pulled['RABBITMQ_IMAGE']}" in done.err
    assert all(map(is_here, pulled.values()))
    assert program.left() == []


def test_an_image_that_the_registry_has_not_is_named_with_its_variable(registry: Registry, tmp_path: Path) -> None:
    missing = f"{registry.address}/rabbitmq:5"
    done = Program(tmp_path / "runs", {"RABBITMQ_IMAGE": missing})("run", "prefork-daemon-native")
    assert done.code == 4, done
    assert f"the image {missing} is not here and cannot be pulled" in done.err
    assert "RABBITMQ_IMAGE" in done.err
