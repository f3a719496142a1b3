"""The Docker engine as runs have it: it makes testbeds of containers, and tells of its machine and what that lacks."""

from __future__ import annotations

import platform
from collections.abc import Collection, Mapping
from pathlib import Path

from heartbed.errors import TestbedError
from heartbed.testbed import cleanup
from heartbed.testbed.containers import Containers
from heartbed.testbed.engine import connect, engine_errors, versions
from heartbed.testbed.helper import Helper
from heartbed.testbed.images.files import volumes
from heartbed.testbed.labels import Labels
from heartbed.testbed.testbed import Machine, Needs


class DockerEngine:
    """The Docker engine, as an ``Engine`` that makes testbeds of containers. Raises ``TestbedError``."""

    def __init__(self) -> None:
        self._client = connect()

    def sweep(self) -> None:
        """Remove what killed runs left behind."""
        cleanup.sweep(self._client)

    def machine(self) -> Machine:
        """The engine's own host, which need not be this one."""
        with engine_errors():
            info = self._client.info()
            host = {
                "kernel": info.get("KernelVersion", platform.release()),
                "system": info.get("OperatingSystem"),
                "cores": info.get("NCPU"),
                "memory_octets": info.get("MemTotal"),
            }
            return Machine({name: value for name, value in host.items() if value is not None}, versions(self._client))

    def lacks(self, needs: Needs, image: str) -> str:
        """Try each command in a container with a network of its own, and to pause one."""
        helper = Helper(self._client, image, Labels(run="needs").as_dict())
        try:
            for command in needs.commands:
                helper.run(command, needs.capabilities)
            if needs.stillness:
                helper.stand_still()
        except TestbedError as error:
            return f"{error.message}: {error.log[-1]}" if error.log else error.message
        return ""

    def files(self, images: Collection[str], worth: Collection[str], labels: Labels) -> Mapping[str, Mapping[str, str]]:
        """Volumes with files of images, where the storage driver works in user space."""
        with engine_errors():
            return volumes(self._client, images, worth, labels.as_dict())

    def testbed(self, project: str, run: str, file: Path) -> Containers:
        """The containers of one run."""
        return Containers(self._client, project, run, file)
