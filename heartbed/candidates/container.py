"""Asks a server itself, in a container that is thrown away, what it makes of a configuration."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker.errors
import requests
from docker.types import Mount

from heartbed.candidates import inside, library
from heartbed.candidates.adapted import COPY
from heartbed.candidates.library import Library
from heartbed.errors import TestbedError
from heartbed.files import save
from heartbed.places import STATE
from heartbed.testbed.labels import Labels

if TYPE_CHECKING:
    import docker

ASK = Path(inside.__file__).with_name("ask.py")
ASK_TARGET = "/opt/heartbed/ask.py"
DEADLINE_S = 300
"""Longer than a server takes to load the application on a busy machine, several times over."""


@dataclass(frozen=True)
class Ran:
    """What came of a command in the container: its exit code, and what it said."""

    code: int
    output: str
    errors: str

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0


@dataclass(frozen=True)
class Serve:
    """A command that serves, the paths that it is to be asked for, and the name of the signal that ends it."""

    command: Sequence[str]
    get: Sequence[str]
    stop: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """A request: its port and path, and headers to try one after the other until it is answered with a success."""

    port: int
    path: str
    headers: tuple[Mapping[str, str], ...] = ({},)


@dataclass(frozen=True)
class Answer:
    """What was answered, and to which headers; the status is None where nothing was."""

    status: int | None
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Tour:
    """The answers in the order of the questions, and what the server logged meanwhile."""

    answers: tuple[Answer, ...]
    log: tuple[str, ...]


@dataclass(frozen=True)
class Container:
    """A throw-away container of an image, with a folder for configurations at its usual place."""

    client: docker.DockerClient
    image: str
    folder: Path
    mounts: tuple[tuple[Path, str], ...] = ()

    def run(
        self, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str] | None = None
    ) -> dict[str, Ran]:
        """Run commands, by names of the caller's own. Raises ``TestbedError``."""
        return self._ran(self._ask({"commands": commands}, environment or {}))

    def serve(
        self, serve: Serve, commands: Mapping[str, Sequence[str]], environment: Mapping[str, str]
    ) -> tuple[dict[str, Any], dict[str, Ran]]:
        """Run commands, then serve: what the last path was answered, and what came of the commands."""
        told = self._ask({"commands": commands, "serve": asdict(serve)}, environment)
        return dict(told["answer"]), self._ran(told)

    def tours(self, commands: Sequence[Sequence[str]], questions: Sequence[Question], stop: str) -> list[Tour]:
        """Serve with one command after the other, and ask each all of these."""
        each_asked = [asdict(each) for each in questions]
        asked = [{"command": list(command), "questions": each_asked, "stop": stop} for command in commands]
        told = self._ask({"commands": {}, "tours": asked}, {})["tours"]
        return [Tour(tuple(Answer(**answer) for answer in each["answers"]), tuple(each["log"])) for each in told]

    def library(self, version: str, environment: Mapping[str, str] | None = None) -> Library:
        """The oslo.messaging that is found there, which is of this version.

        ``environment`` may put another in front of the image's. Raises ``TestbedError`` when it does not say.
        """
        return library.parse(version, self._options(version, environment or {}))

    def image_library(self, version: str) -> Library:
        """The oslo.messaging of the image itself, which says the same each time: its answer is kept between runs."""
        asked = hashlib.sha256(f"{self.image} {library.OPTIONS}".encode()).hexdigest()
        kept = STATE / "libraries" / f"{asked}.json"
        with contextlib.suppress(OSError, ValueError, TypeError):
            return library.parse(version, kept.read_text("utf-8"))
        said = self._options(version, {})
        with contextlib.suppress(TestbedError):
            save(kept, said, private=True)
        return library.parse(version, said)

    def _options(self, version: str, environment: Mapping[str, str]) -> str:
        asked = {"options": ("python3", "-W", "ignore", "-c", library.OPTIONS)}
        found = self.run(asked, environment)["options"]
        if not found.ok:
            log = found.errors.splitlines()[-20:]
            raise TestbedError(f"oslo.messaging {version} does not say which options it has", log=log)
        return found.output

    def compile(self, folders: Sequence[tuple[Path, str]]) -> None:
        """Compile the Python sources in these folders, in place; with each, where a cell sees it.

        A source that cannot be compiled is left as it is: whoever imports it will tell.
        """
        mounts = [Mount(target, str(path), type="bind") for path, target in folders]
        command = ["python3", "-m", "compileall", "-q", "-q", *(target for _, target in folders)]
        self._run(command, mounts, {}, user=f"{os.getuid()}:{os.getgid()}")

    @staticmethod
    def _ran(said: Mapping[str, Any]) -> dict[str, Ran]:
        return {name: Ran(**each) for name, each in said["ran"].items()}

    def _ask(self, asked: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
        seen = ((self.folder, COPY), (ASK, ASK_TARGET), *self.mounts)
        mounts = [Mount(target, str(path), type="bind", read_only=True) for path, target in seen]
        raw, errors = self._run(["python3", ASK_TARGET, json.dumps(asked)], mounts, environment)
        try:
            found: dict[str, Any] = json.loads(raw)
        except ValueError:
            log = (raw + errors).decode("utf-8", "replace").splitlines()[-20:]
            raise TestbedError("the server could not be asked about the configuration", log=log) from None
        return found

    def _run(
        self,
        command: Sequence[str],
        mounts: Sequence[Mount],
        environment: Mapping[str, str],
        *,
        user: str | None = None,
    ) -> tuple[bytes, bytes]:
        """What a command in a container of its own writes to stdout and stderr. Raises ``TestbedError``."""
        labels = Labels(run=self.folder.name, lock=str(self.folder / ".lock")).as_dict()
        container = None
        try:
            container = self.client.containers.create(
                self.image,
                list(command),
                mounts=list(mounts),
                network_mode="none",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit="512m",
                pids_limit=1024,
                labels=labels,
                environment=dict(environment),
                user=user,
            )
            container.start()
            container.wait(timeout=DEADLINE_S)
            return container.logs(stdout=True, stderr=False), container.logs(stdout=False, stderr=True)
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise TestbedError(f"a container to make the configuration ready came to no end: {error}") from None
        finally:
            if container is not None:
                with contextlib.suppress(docker.errors.DockerException):
                    container.remove(force=True, v=True)
