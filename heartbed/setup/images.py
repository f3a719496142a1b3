"""Heartbed's images: what each is called, and what goes into it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console

from heartbed.cells import DEFAULT_OSLO, Cell
from heartbed.settings import ROOT
from heartbed.setup.build import ImageRef, ImageSpec, ensure_images
from heartbed.setup.progress import Progress
from heartbed.testbed import connect

BASE_IMAGE = "heartbed-base:trixie"
"""Where ``scripts/base-image`` puts the Debian image that all others are built on."""


def specs(
    oslo_versions: Iterable[str], *, environ: Mapping[str, str] = os.environ, root: Path = ROOT
) -> list[ImageSpec]:
    """The images of a run with these versions of oslo.messaging.

    Names are ``rabbitmq``, ``observer`` and ``apache-oslo<version>``.
    ``BASE_IMAGE`` and ``RABBITMQ_IMAGE`` in ``environ`` put other images in
    the place of Heartbed's own.
    """
    base = environ.get("BASE_IMAGE") or BASE_IMAGE
    broker = environ.get("RABBITMQ_IMAGE")
    found = [
        ImageSpec("rabbitmq", broker) if broker else _in_own_folder("rabbitmq", "heartbed-rabbitmq:4", base, root),
        _in_own_folder("observer", "heartbed-observer:1", base, root),
    ]
    return found + [_apache(version, base, root) for version in dict.fromkeys(oslo_versions)]


def images_for(cells: Iterable[Cell], console: Console | None = None, *, quiet: bool = False) -> dict[str, ImageRef]:
    """Makes sure of all images that a run of these cells needs.

    Returns name -> reference. The RPC server and the controls run on the default
    version of oslo.messaging, whatever the cells have. Raises ``TestbedError``.
    """
    versions = [DEFAULT_OSLO, *(cell.oslo for cell in cells)]
    with contextlib.closing(connect()) as client:
        return ensure_images(specs(versions), client, progress=Progress(Console(quiet=True) if quiet else console))


def _in_own_folder(name: str, tag: str, base: str, root: Path) -> ImageSpec:
    folder = root / "images" / name
    return ImageSpec(name, tag, context=folder, dockerfile=folder / "Dockerfile", inputs=(folder,), base=base)


def _apache(oslo: str, base: str, root: Path) -> ImageSpec:
    folder = root / "images" / "apache"
    return ImageSpec(
        f"apache-oslo{oslo}",
        f"heartbed-apache:oslo{oslo}",
        context=root,
        dockerfile=folder / "Dockerfile",
        inputs=(folder, root / "wsgi_app", root / "apache_conf", root / ".dockerignore"),
        base=base,
        build_args={"OSLO_MESSAGING": oslo},
    )
