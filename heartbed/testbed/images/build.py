"""Sees to it that images are there and up to date.

An image has a tag with the hash of all that went into it, beside the one for
people. It is built again only when there is none with that hash, so that asking
for images that are there takes milliseconds, and two checkouts that differ do
not take each other's.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import ImageNotFound

from heartbed.errors import InputError, TestbedError
from heartbed.places import ROOT, STATE
from heartbed.testbed.commands import run
from heartbed.testbed.images.commands import Commands
from heartbed.testbed.images.progress import Progress
from heartbed.testbed.images.spec import ImageRef, ImageSpec, content_hash
from heartbed.testbed.labels import MADE_BY_US

if TYPE_CHECKING:
    import docker

PINNED, HASH_DIGITS = "of-", 20
"""A tag of an image that is built here: this, and so many digits of the hash of all that went into it."""

LOGS = STATE / "logs"

PARALLEL_BUILDS = 3
"""Builds wait for mirrors most of the time, but compile too."""

LOG_LINES_SHOWN = 20

PYTHON_ERROR = re.compile(r"^(#\d+ )?[\d.]+ +([\w.]*(Error|NoMatches|Exception)|ERROR)(: |\Z)")
OTHERS = "choose another version: heartbed versions lists them"

RUNTIME_ERROR = re.compile(r"(?!OSError|ERROR)[\w.]*(Error|NoMatches|Exception)(: |\Z)")
"""An error of Python's own, when what was installed is tried: it is not pip that failed, nor the network."""

LONGEST_REASON = 200

PULL_DEADLINE_S = 600
CONTEXT_DEADLINE_S = 30

CA_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem")
"""Where Debian, Fedora and Alpine keep the certificate authorities that a machine trusts."""

PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


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
    by_tag: dict[str, str] = {}
    with progress, Commands(environ) as commands, ThreadPoolExecutor(PARALLEL_BUILDS) as pool:
        for stage in _stages(names):
            some = [replace(spec, on=by_tag.get(spec.on, spec.on)) for spec in stage]
            pinned = {spec.tag: _pinned(spec, client, environ) if spec.dockerfile else spec.tag for spec in some}
            by_tag |= pinned
            missing = [spec for spec in some if not _is_there(client, pinned[spec.tag])]
            jobs = [
                pool.submit(_build, spec, pinned[spec.tag], logs / f"build-{spec.name}.log", commands, progress)
                if spec.dockerfile
                else pool.submit(_pull, spec, commands, progress)
                for spec in missing
            ]
            try:
                for job in jobs:
                    job.result()
            except BaseException:
                # One build that fails, or Ctrl-C, ends the others: nobody would wait for them.
                pool.shutdown(wait=False, cancel_futures=True)
                commands.end()
                raise
    return {spec.name: ImageRef(spec.tag, str(client.images.get(by_tag[spec.tag]).id), spec.lock) for spec in names}


def _stages(names: Sequence[ImageSpec]) -> Iterator[list[ImageSpec]]:
    """First what stands by itself, then what is built on that, and so on."""
    rest = list(names)
    while rest:
        waited_for = {spec.tag for spec in rest}
        yield (stage := [spec for spec in rest if spec.on not in waited_for])
        rest = [spec for spec in rest if spec not in stage]


def _pinned(spec: ImageSpec, client: docker.DockerClient, environ: Mapping[str, str]) -> str:
    """The tag that only an image of these inputs has: another checkout's image of the same name is no other's."""
    try:
        base = client.images.get(spec.base)
    except ImageNotFound:
        _fetch_base(spec.base, environ)
        base = client.images.get(spec.base)
    below = client.images.get(spec.on).id if spec.on else ""
    inputs = hashlib.sha256(f"{content_hash(spec)} {base.id}{below}".encode()).hexdigest()
    return f"{spec.tag.partition(':')[0]}:{PINNED}{inputs[:HASH_DIGITS]}"


def _fetch_base(base: str, environ: Mapping[str, str]) -> None:
    """Runs the script that has the base image; what it says goes to the terminal."""
    suite = base.removeprefix("heartbed-base:")
    command = [str(ROOT / "scripts" / "base-image"), *([suite] if suite != base else [])]
    done = subprocess.run(command, env=dict(environ), check=False)
    if done.returncode:
        raise TestbedError("there is no base image to build on", hint="`heartbed doctor` says what is missing")


def _is_there(client: docker.DockerClient, tag: str) -> bool:
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def ca_bundle(environ: Mapping[str, str]) -> Path:
    """The certificate authorities that this machine trusts; an empty file if it has no bundle."""
    named = [environ.get("HEARTBED_CA_BUNDLE", ""), environ.get("SSL_CERT_FILE", "")]
    bundles = (Path(name) for name in (*named, *CA_BUNDLES) if name)
    return next((each for each in bundles if each.is_file()), ROOT / "images" / "base" / "no-extra-ca.pem")


def build_command(spec: ImageSpec, pinned: str, environ: Mapping[str, str], builder: str) -> list[str]:
    """The command that builds an image with the engine's own BuildKit, which knows the local base image."""
    arguments = {**spec.build_args, "BASE_IMAGE": spec.base} | ({"APPLICATION_IMAGE": spec.on} if spec.on else {})
    command = ["docker", "buildx", "build", "--builder", builder, "--progress", "plain", "--load"]
    command += ["--secret", f"id=ca,src={ca_bundle(environ)}", "--tag", spec.tag, "--tag", pinned]
    command += ["--file", str(spec.dockerfile), "--label", MADE_BY_US]
    for key, value in arguments.items():
        command += ["--build-arg", f"{key}={value}"]
    for name in PROXY_VARIABLES:
        # By its name alone: the value, which may hold a password, is taken from the environment. All can see argv.
        command += ["--build-arg", name] if environ.get(name) else []
    return [*command, str(spec.context)]


def _engines_builder(environ: Mapping[str, str]) -> str:
    """Name of the builder inside the engine itself: that of the Docker context in use."""
    return run(["docker", "context", "show"], CONTEXT_DEADLINE_S, env=environ).out.strip() or "default"


def _build(spec: ImageSpec, pinned: str, log: Path, commands: Commands, progress: Progress) -> None:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.touch()
    except OSError as error:
        raise TestbedError(
            f"cannot write the build's log {log}: {error.strerror}", hint="XDG_CACHE_HOME names another cache folder"
        ) from error
    last: deque[str] = deque(maxlen=LOG_LINES_SHOWN)
    command = build_command(spec, pinned, commands.environ, _engines_builder(commands.environ))
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
            if spec.whose:
                raise InputError(
                    f"{spec.whose} does not build, or does not work with the rest: {why or f'code {code}'}",
                    log=tuple(last),
                    hint=f"the whole log: {log}",
                )
            if spec.chosen and RUNTIME_ERROR.match(why):
                raise InputError(
                    f"{spec.chosen} does not work on Python {spec.python}: {why}",
                    hint=f"{spec.instead or OTHERS}. The whole log: {log}",
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
