"""What a run's Compose file is rendered from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from heartbed.cells.axes import APPLICATION_IMAGE, DEFAULT_OSLO
from heartbed.cells.cell import Cell
from heartbed.cells.settings import Settings
from heartbed.cells.subject import Subject
from heartbed.places import AMQP_PORT
from heartbed.testbed.labels import Labels

USER = "heartbed"

FIXED_TAGS = {"rabbitmq": "4", "observer": "1"}
"""Images that have one version."""

NOFILE = 8192
"""Open files of the broker: Erlang takes minutes to start where there is no limit, and no engine refuses this few."""


@dataclass(frozen=True)
class Plan:
    """All that a Compose file is rendered from."""

    project: str
    subjects: Sequence[Subject]
    settings: Settings
    labels: Labels
    images: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By the ids of images, the volumes that have files of theirs: folder -> volume."""
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))

    @property
    def acts(self) -> list[int]:
        """The numbers of the acts."""
        return sorted({subject.act for subject in self.subjects})

    @property
    def broker_url(self) -> str:
        """The broker as the cells reach it."""
        return f"//{USER}:{self.password}@rabbitmq:{AMQP_PORT}/"

    def image(self, name: str) -> str:
        """What Docker knows an image by: its id, where the run has made sure of it, else its usual tag."""
        return self.images.get(name) or image_tag(name)


def image_tag(name: str) -> str:
    """The tag that Heartbed gives an image: ``apache-oslo17.3.2`` is ``heartbed-apache:oslo17.3.2``."""
    family, _, version = name.partition("-")
    return f"heartbed-{family}:{version or FIXED_TAGS[family]}"


def image_name(family: str, cell: Cell) -> str:
    """The name of the image of a family of servers that holds the cell's versions: ``apache-oslo17.3.2``."""
    servers = cell.beside if family != APPLICATION_IMAGE else {}
    return "-".join([family, cell.build, *(f"{word}{version}" for word, version in servers.items())])


def application_image(cell: Cell) -> str:
    """The name of the image that has the application in the cell's versions; those of other servers are built on it."""
    return image_name(APPLICATION_IMAGE, cell)


APPLICATION = f"{APPLICATION_IMAGE}-oslo{DEFAULT_OSLO}"
"""The image of what is no cell but runs the application's code: the RPC server and the controls."""


def bind(source: Path, target: str) -> dict[str, Any]:
    """A read-only bind mount, in Compose's long form, which takes any path. A source that is not there is an error."""
    return {
        "type": "bind",
        "source": str(source),
        "target": target,
        "read_only": True,
        "bind": {"create_host_path": False},
    }
