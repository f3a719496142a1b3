"""What the engine tells of the run's containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from heartbed.testbed.testbed import Change

CHANGES = ("pause", "unpause", "connect", "disconnect", "oom", "die")
"""What of the engine's events can make a container look as if it had failed by itself."""


class EngineEvents:
    """The engine's events, of these containers (id -> service)."""

    def __init__(self, stream: Any, services: Mapping[str, str]) -> None:
        self._stream, self._services = stream, services

    def __iter__(self) -> Iterator[Change]:
        for event in self._stream:
            actor = event.get("Actor", {})
            # Of a network it is told which container was connected, or cut off.
            container = actor.get("Attributes", {}).get("container", actor.get("ID"))
            if container in self._services and event["Action"] in CHANGES:
                yield Change(event["timeNano"] / 1e9, self._services[container], str(event["Action"]))

    def close(self) -> None:
        """End them."""
        self._stream.close()
