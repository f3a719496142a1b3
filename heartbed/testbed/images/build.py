"""Sees to it that images are there and up to date.

An image carries the hash of all that went into it as the label
``heartbed.inputs``. It is built again only when that hash has changed, so
that asking for images that are there takes milliseconds.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from heartbed.errors import InputError, TestbedError
from heartbed.places import ROOT
from heartbed.testbed.commands import run
from heartbed.testbed.images.commands import Commands
from heartbed.testbed.images.progress import Progress
from heartbed.testbed.labels import MADE_BY_US
from heartbed.versions.releases import PYTHON

if TYPE_CHECKING:
    import docker

NO_INPUTS = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
"""Folders that tools leave behind; nothing in them goes into an image."""

INPUTS_LABEL = "heartbed.inputs"

LOGS = ROOT / ".heartbed" / "logs"

PARALLEL_BUILDS = 3
"""Builds wait for mirrors most of the time, but compile too."""

LOG_LINES_SHOWN = 20

PYTHON_ERROR = re.compile(r"^(#\d+ )?[\d.]+ +([\w.]*(Error|NoMatches|Exception)|ERROR)(: |\Z)")
RUNTIME_ERROR = re.compile(r"(?!OSError|ERROR)[\w.]*(Error|NoMatches|Exception)(: |\Z)")
"""An error of Python's own, when what was installed is tried: it is not pip that failed, nor the network."""

LONGEST_REASON = 200

PULL_DEADLINE_S = 600
CONTEXT_DEADLINE_S = 30

CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian, Fedora and Alpine keep the certificate authorities that a machine trusts."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class ImageSpec:
    """One image: its name within a run, its tag, and what it is built from.

    ``inputs`` are the files and folders whose content decides whether it is
    up to date. Without a ``dockerfile`` the image is somebody else's: it is
    only pulled, if it is not there. ``on`` is the tag of another of these
    images, which it is built on; ``lock`` says which releases are in it.
    """

    name: str
    tag: str
    context: Path = ROOT
    dockerfile: Path | None = None
    inputs: tuple[Path, ...] = ()
    base: str = ""
    build_args: Mapping[str, str] = field(default_factory=dict)
    on: str = ""
    lock: str = ""

    @property
    def chosen(self) -> str:
        """The versions in it, where others than those of the lock files' own images are asked for; else empty."""
        return self.tag.partition(":")[2] if self.build_args.keys() & {"LOCK", "MOD_WSGI"} else ""


@dataclass(frozen=True)
class ImageRef:
    """An image that is there. The id stays the same whatever becomes of the tag."""

    tag: str
    id: str
    lock: str = ""


def ensure_images(
    names: Sequence[ImageSpec],
    client: docker.DockerClient,
    *,
    logs: Path = LOGS,
    environ: Mapping[str, str] = os.environ,
    progress: Progress | None = None,
) -> dict[str, ImageRef]:
    """Builds or pulls those of the images that are missing or out of date.

    Returns name -> reference. Raises ``TestbedError`` with the last lines of
    the build's log when one cannot be had.
    """
    progress = progress or Progress()
    with progress, Commands(environ) as commands, ThreadPoolExecutor(PARALLEL_BUILDS) as pool:
        # First what stands by itself, then what is built on that.
        for some in ([spec for spec in names if not spec.on], [spec for spec in names if spec.on]):
            hashes = {spec.name: _hash_with_base(spec, client, environ) for spec in some if spec.dockerfile}
            stale = [spec for spec in some if not _up_to_date(client, spec.tag, hashes.get(spec.name))]
            jobs = [
                pool.submit(_build, spec, hashes[spec.name], logs / f"build-{spec.name}.log", commands, progress)
                if spec.dockerfile
                else pool.submit(_pull, spec, commands, progress)
                for spec in stale
            ]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                # One build that fails, or Ctrl-C, ends the others: nobody would wait for them.
                pool.shutdown(wait=False, cancel_futures=True)
                commands.end()
                raise
    return {spec.name: ImageRef(spec.tag, str(client.images.get(spec.tag).id), spec.lock) for spec in names}


def content_hash(spec: ImageSpec) -> str:
    """A hash of all that is sent to the engine: names, modes and contents of the files, and the arguments."""
    digest = hashlib.sha256()
    for path in sorted(_files(spec.inputs)):
        executable = bool(path.stat().st_mode & 0o100)
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(spec.context)} {executable} {content}\n".encode())
    for key, value in sorted(spec.build_args.items()):
        digest.update(f"{key}={value}\n".encode())
    return digest.hexdigest()


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            inside = (each for each in path.rglob("*") if each.is_file())
            yield from (each for each in inside if not any(part in NO_INPUTS for part in each.parts))
        elif path.exists():
            yield path


def _hash_with_base(spec: ImageSpec, client: docker.DockerClient, environ: Mapping[str, str]) -> str:
    try:
        base = client.images.get(spec.base)
    except ImageNotFound:
        _fetch_base(spec.base, environ)
        base = client.images.get(spec.base)
    below = client.images.get(spec.on).id if spec.on else ""
    return hashlib.sha256(f"{content_hash(spec)} {base.id}{below}".encode()).hexdigest()


def _fetch_base(base: str, environ: Mapping[str, str]) -> None:
    """Runs the script that has the base image; what it says goes to the terminal."""
    suite = base.removeprefix("heartbed-base:")
    command = [str(ROOT / "scripts" / "base-image"), *([suite] if suite != base else [])]
    done = subprocess.run(command, env=dict(environ), check=False)
    if done.returncode:
        raise TestbedError("there is no base image to build on", hint="make doctor says what is missing")


def _up_to_date(client: docker.DockerClient, tag: str, inputs: str | None) -> bool:
    """Whether the image is there, and (where it is built here) made from these inputs."""
    try:
        labels: Mapping[str, str] = client.images.get(tag).labels
    except ImageNotFound:
        return False
    return inputs is None or labels.get(INPUTS_LABEL) == inputs


def ca_bundle(environ: Mapping[str, str]) -> Path:
    """The certificate authorities that this machine trusts; an empty file if it has no bundle."""
    named = [environ.get("HEARTBED_CA_BUNDLE", ""), environ.get("SSL_CERT_FILE", "")]
    bundles = (Path(name) for name in (*named, *CA_BUNDLES) if name)
    return next((each for each in bundles if each.is_file()), ROOT / "images" / "base" / "no-extra-ca.pem")


def build_command(spec: ImageSpec, inputs: str, environ: Mapping[str, str], builder: str) -> list[str]:
    """The command that builds an image with the engine's own BuildKit, which knows the local base image."""
    arguments = {**spec.build_args, "BASE_IMAGE": spec.base} | ({"APPLICATION_IMAGE": spec.on} if spec.on else {})
    arguments |= {name: environ[name] for name in PROXY_VARIABLES if environ.get(name)}
    command = ["docker", "buildx", "build", "--builder", builder, "--progress", "plain", "--load"]
    command += ["--secret", f"id=ca,src={ca_bundle(environ)}", "--tag", spec.tag, "--file", str(spec.dockerfile)]
    for label in (MADE_BY_US, f"{INPUTS_LABEL}={inputs}"):
        command += ["--label", label]
    for key, value in arguments.items():
        command += ["--build-arg", f"{key}={value}"]
    return [*command, str(spec.context)]


def _engines_builder(environ: Mapping[str, str]) -> str:
    """Name of the builder inside the engine itself: that of the Docker context in use."""
    return run(["docker", "context", "show"], CONTEXT_DEADLINE_S, env=environ).out.strip() or "default"


def _build(spec: ImageSpec, inputs: str, log: Path, commands: Commands, progress: Progress) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    last: deque[str] = deque(maxlen=LOG_LINES_SHOWN)
    command = build_command(spec, inputs, commands.environ, _engines_builder(commands.environ))
    with (
        progress.item(f"building {spec.tag}") as item,
        log.open("w") as file,
        commands.start(command) as process,
    ):
        for line in process.stdout or ():
            file.write(line)
            last.append(line.rstrip())
            item.step(line)
        code = process.wait()
        if code:
            why = reason(last)
            if spec.chosen and RUNTIME_ERROR.match(why):
                raise InputError(
                    f"{spec.chosen} does not work on the images' Python {PYTHON}: {why}",
                    hint=f"choose another version: heartbed versions lists them. The whole log: {log}",
                )
            raise TestbedError(
                f"{spec.tag} could not be built: {why or f'docker buildx build ended with code {code}'}",
                hint=f"the whole log: {log}",
                log=tuple(last),
            )
        item.done(f"{spec.tag} built")


def reason(log: Iterable[str]) -> str:
    """The last error of Python's or pip's in a build's log, without BuildKit's step and time; empty if none."""
    lines = [line for line in log if PYTHON_ERROR.search(line)]
    return re.sub(r"^(#\d+ )?[\d.]+ +", "", lines[-1].strip())[:LONGEST_REASON] if lines else ""


def _pull(spec: ImageSpec, commands: Commands, progress: Progress) -> None:
    with progress.item(f"pulling {spec.tag}") as item:
        with commands.start(["docker", "pull", "--quiet", spec.tag]) as process:
            try:
                said, _ = process.communicate(timeout=PULL_DEADLINE_S)
                answer = said.strip() if process.returncode else ""
            except subprocess.TimeoutExpired:
                process.kill()
                answer = f"no answer within {PULL_DEADLINE_S} s"
        if answer:
            raise TestbedError(
                f"the image {spec.tag} is not here and cannot be pulled: {answer}",
                hint=f"docker load it, or unset the variable that names it: {spec.name.upper()}_IMAGE",
            )
        item.done(f"{spec.tag} pulled")
