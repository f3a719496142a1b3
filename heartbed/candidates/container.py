"""Asks httpd or uWSGI itself, in a container that is thrown away, what it makes of a configuration."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker.errors
import requests

from heartbed.candidates import inside, library
from heartbed.candidates.adapted import COPY
from heartbed.candidates.library import Library
from heartbed.errors import TestbedError
from heartbed.testbed.labels import Labels

if TYPE_CHECKING:
    import docker

ASK = Path(inside.__file__).with_name("ask.py")
ASK_TARGET = "/opt/heartbed/ask.py"
DEADLINE_S = 60


@dataclass(frozen=True)
class Told:
    """What the server says of one main configuration."""

    ok: bool
    output: str
    stderr: str


@dataclass(frozen=True)
class Container:
    """A throw-away container of an image, with a folder for configurations at its usual place."""

    client: docker.DockerClient
    image: str
    folder: Path
    mounts: tuple[tuple[Path, str], ...] = ()

    def check(
        self,
        names: Sequence[str],
        *,
        dump: bool = False,
        get: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Have the server read each of these main files; with ``get`` start it on the first and ask for those paths."""
        asked = {"names": list(names), "dump": dump, "get": list(get)}
        return self._ask(asked, environment or {})

    def read(self, name: str, *, dump: bool = True) -> Told:
        """Have the server read one main file, and tell its configuration; uWSGI's options are told as ``stderr``."""
        return Told(**self.check([name], dump=dump)["told"][name])

    def read_cell(self, cell: str, choices: Mapping[str, str]) -> Told:
        """Have the server read the configuration of a cell, by its command or ini file, with these choices."""
        return Told(**self._ask({"names": [], "dump": True, "cell": cell}, choices)["told"]["cell"])

    def library(self, version: str) -> Library:
        """The image's oslo.messaging, which is of this version. Raises ``TestbedError`` when it does not say."""
        found = Told(**self._ask({"names": [], "dump": False, "options": True}, {})["told"]["options"])
        if not found.ok:
            log = found.stderr.splitlines()[-20:]
            raise TestbedError(f"oslo.messaging {version} does not say which options it has", log=log)
        return library.told(version, found.output)

    def _ask(self, asked: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
        command = ["python3", ASK_TARGET, json.dumps(asked)]
        volumes = {str(self.folder): {"bind": COPY, "mode": "ro"}, str(ASK): {"bind": ASK_TARGET, "mode": "ro"}}
        volumes |= {str(path): {"bind": target, "mode": "ro"} for path, target in self.mounts}
        labels = Labels(run=self.folder.name, lock=str(self.folder / ".lock")).as_dict()
        container = None
        try:
            container = self.client.containers.create(
                self.image,
                command,
                volumes=volumes,
                network_mode="none",
                mem_limit="512m",
                pids_limit=256,
                labels=labels,
                environment=dict(environment),
            )
            container.start()
            container.wait(timeout=DEADLINE_S)
            raw: bytes = container.logs(stdout=True, stderr=False)
            errors: bytes = container.logs(stdout=False, stderr=True)
        except (docker.errors.DockerException, requests.RequestException) as error:
            raise TestbedError(f"the server could not be asked about the configuration: {error}") from None
        finally:
            if container is not None:
                with contextlib.suppress(docker.errors.DockerException):
                    container.remove(force=True, v=True)
        try:
            found: dict[str, Any] = json.loads(raw)
        except ValueError:
            log = (raw + errors).decode("utf-8", "replace").splitlines()[-20:]
            raise TestbedError("the server could not be asked about the configuration", log=log) from None
        return found
