"""Containers that are there for one thing only, and are thrown away however that ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import docker.errors
import pytest

from heartbed.errors import TestbedError
from heartbed.testbed.helper import Helper


@dataclass
class Paused:
    """A container of an engine that may refuse to pause it; what was done to it."""

    refusal: str = ""
    id: str = "3f2a"
    done: list[str] = field(default_factory=list)

    def pause(self) -> None:
        """As asked, or refused."""
        if self.refusal:
            raise docker.errors.APIError("500", explanation=f"Cannot pause container {self.id}: {self.refusal}")
        self.done.append("pause")

    def unpause(self) -> None:
        """As asked."""
        self.done.append("unpause")

    def remove(self, *, force: bool) -> None:
        """As asked."""
        assert force
        self.done.append("remove")


def helper(container: Paused) -> Helper:
    client = SimpleNamespace(containers=SimpleNamespace(run=lambda *_, **__: container))
    return Helper(cast(Any, client), "image", {})


def test_a_container_that_was_paused_goes_on_and_is_removed() -> None:
    container = Paused()
    helper(container).stand_still()
    assert container.done == ["pause", "unpause", "remove"]


def test_an_engine_that_cannot_pause_is_told_and_keeps_nothing() -> None:
    container = Paused("cgroups not configured for container")
    with pytest.raises(TestbedError, match="the engine cannot pause containers: cgroups"):
        helper(container).stand_still()
    assert container.done == ["remove"]
