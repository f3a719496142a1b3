"""A container that is there for one command, beside those of a run, and is thrown away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import docker
import docker.errors

from heartbed.errors import TestbedError
from heartbed.testbed.engine import engine_errors


@dataclass(frozen=True)
class Helper:
    """Runs commands in containers of an image. ``network`` is Docker's: ``none``, or ``container:ID``."""

    client: docker.DockerClient
    image: str
    labels: Mapping[str, str]
    network: str = "none"

    def stand_still(self) -> None:
        """Pause a container and let it go on: an engine without control groups, as a rootless one may be, cannot.

        Raises ``TestbedError`` where it cannot.
        """
        with engine_errors():
            container = self.client.containers.run(
                self.image,
                ["infinity"],
                entrypoint=["sleep"],
                network_mode="none",
                cap_drop=["ALL"],
                labels=dict(self.labels),
                detach=True,
            )
            try:
                container.pause()
                container.unpause()
            except docker.errors.APIError as error:
                said = str(error.explanation or error).removeprefix(f"Cannot pause container {container.id}: ")
                raise TestbedError(f"the engine cannot pause containers: {said}") from error
            finally:
                container.remove(force=True)

    def run(self, command: Sequence[str], capabilities: Sequence[str]) -> str:
        """Run a command as root with these capabilities and no other; what it printed.

        Raises ``TestbedError`` where it fails, with the last lines that it printed.
        """
        try:
            with engine_errors():
                said = self.client.containers.run(
                    self.image,
                    list(command),
                    entrypoint=[],
                    user="0",
                    network_mode=self.network,
                    cap_drop=["ALL"],
                    cap_add=list(capabilities),
                    labels=dict(self.labels),
                    mem_limit="64m",
                    pids_limit=32,
                    stderr=True,
                    remove=True,
                )
        except TestbedError as error:
            failed = error.__cause__
            if not isinstance(failed, docker.errors.ContainerError):
                raise
            log = text(failed.stderr).splitlines()
            raise TestbedError(f"`{' '.join(command)}` failed ({failed.exit_status})", log=log[-5:]) from None
        return text(said)


def text(said: object) -> str:
    """What a command printed, as the SDK has it."""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else ""
