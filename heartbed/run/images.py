"""Heartbed's images: what each is called, and what goes into it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from heartbed import servers
from heartbed.applications.application import Layer
from heartbed.cells import axes, python
from heartbed.cells.axes import APPLICATION_IMAGE
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import default_cell
from heartbed.places import ROOT
from heartbed.testbed.broker import broker
from heartbed.testbed.engine import connect
from heartbed.testbed.images.build import ensure_images
from heartbed.testbed.images.progress import Progress
from heartbed.testbed.images.spec import ImageRef, ImageSpec
from heartbed.testbed.plan import application_image, image_tag
from heartbed.versions.index import Index
from heartbed.versions.locks import Lock, lock, milestones
from heartbed.versions.patched import Patched

OF_SUITE = "heartbed-base:"
BASE_IMAGE = f"{OF_SUITE}trixie"
"""Where ``scripts/base-image`` puts the Debian image that all others are built on."""


def specs(
    cells: Iterable[Cell],
    index: Index | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    root: Path = ROOT,
) -> list[ImageSpec]:
    """The images of a run with these cells, each after those that it is built on.

    Names are ``rabbitmq``, ``observer``, and for what hosts the application
    the family of the server and the versions: ``apache-oslo17.3.2``.
    ``BASE_IMAGE`` and ``RABBITMQ_IMAGE`` in ``environ`` put other images in
    the place of Heartbed's own, the former only under images with the default
    Python; ``HEARTBED_RABBITMQ`` chooses among its brokers. Raises ``InputError`` for a
    version that cannot be had, and ``TestbedError`` when the index of packages is silent.
    """
    given = environ.get("BASE_IMAGE") or BASE_IMAGE
    wanted = {
        "rabbitmq": _rabbitmq(environ, given, root),
        "observer": _observer(given, root),
    }
    for cell in cells:
        ground, application = application_image(cell.ground), application_image(cell)
        own = python.of(cell.python)
        base = given if cell.python == python.DEFAULT else f"{OF_SUITE}{own.suite}"
        asked = replace(index or Index(), python=own.version)
        if ground not in wanted:
            wanted[ground] = _application(cell.ground, lock(cell.packages, asked), base, root)
        plain, below = application_image(cell.released), wanted[ground]
        if cell.layer:
            below = wanted.setdefault(plain, _layer(plain, cell.layer, below, base))
        for count in range(1, len(cell.patched) + 1):
            mine = application_image(replace(cell, patched=cell.patched[:count]))
            below = wanted.setdefault(mine, _patched(mine, cell.patched[count - 1], below, base))
        name = servers.image(cell)
        if name not in wanted:
            wanted[name] = _server(cell, wanted[application], _own(cell, asked), base, root)
    return list(wanted.values())


def images_for(cells: Iterable[Cell], console: Console | None = None, *, quiet: bool = False) -> dict[str, ImageRef]:
    """Makes sure of all images that a run of these cells needs.

    Returns name -> reference. The RPC server and the controls run on the default
    version of oslo.messaging, whatever the cells have. Raises ``TestbedError``,
    and ``InputError`` for a version that cannot be had.
    """
    wanted = specs([default_cell(), *cells])
    with contextlib.closing(connect()) as client:
        return ensure_images(wanted, client, progress=Progress(Console(quiet=True) if quiet else console))


def _rabbitmq(environ: Mapping[str, str], base: str, root: Path) -> ImageSpec:
    if theirs := environ.get("RABBITMQ_IMAGE"):
        return ImageSpec("rabbitmq", theirs)
    wanted = broker(environ)
    # Another version comes from another Debian release, whatever the other images are built on.
    own_base = base if BASE_IMAGE.endswith(f":{wanted.suite}") else f"{OF_SUITE}{wanted.suite}"
    return _in_own_folder("rabbitmq", wanted.tag, own_base, root)


def _observer(base: str, root: Path) -> ImageSpec:
    """The observer's image, which takes along what ``heartbed look`` uses on a host too."""
    folder = root / "images" / "observer"
    inputs = (folder, root / "heartbed" / "kernel")
    return ImageSpec(
        "observer", "heartbed-observer:1", context=root, dockerfile=folder / "Dockerfile", inputs=inputs, base=base
    )


def _in_own_folder(name: str, tag: str, base: str, root: Path) -> ImageSpec:
    folder = root / "images" / name
    return ImageSpec(name, tag, context=folder, dockerfile=folder / "Dockerfile", inputs=(folder,), base=base)


def _application(cell: Cell, locked: Lock, base: str, root: Path) -> ImageSpec:
    name = application_image(cell)
    folder = root / "images" / APPLICATION_IMAGE
    confs = [root / each.conf for each in servers.families().values() if each.image == APPLICATION_IMAGE and each.conf]
    arguments = {"OSLO_MESSAGING": cell.oslo, **_chosen(cell)}
    # The lock in the repository serves for its own releases; the images that `docker compose build` makes are the same.
    if cell.build != f"oslo{cell.oslo}" or cell.oslo not in milestones():
        arguments["LOCK"] = "\n".join(pin.line for pin in locked.wheels)
    if compiled := dict(cell.chosen_versions).get("mod_wsgi"):
        arguments["MOD_WSGI"] = compiled
    return ImageSpec(
        name,
        image_tag(name),
        context=root,
        dockerfile=folder / "Dockerfile",
        inputs=(folder, root / "wsgi_app", *confs, root / ".dockerignore"),
        base=base,
        build_args=arguments,
        lock=locked.text,
        python=python.of(cell.python).version,
    )


def _chosen(cell: Cell) -> dict[str, str]:
    """The arguments that are factors of axes: whatever changes what is installed."""
    return {axis.upper(): factor for axis, factor in cell.installed.items()}


def _layer(name: str, layer: Layer, ground: ImageSpec, base: str) -> ImageSpec:
    """An application of its own, on top of the image that has the libraries."""
    return ImageSpec(
        name,
        image_tag(name),
        context=layer.context,
        dockerfile=layer.dockerfile,
        inputs=layer.inputs,
        base=base,
        build_args=layer.arguments,
        on=ground.tag,
        lock=ground.lock + layer.lock,
        instead=layer.instead,
        python=ground.python,
    )


def _patched(name: str, library: Patched, below: ImageSpec, base: str) -> ImageSpec:
    """A library of the user's own, on top of the image that it is installed over."""
    return ImageSpec(
        name,
        image_tag(name),
        context=library.folder,
        dockerfile=library.folder / "Dockerfile",
        inputs=(library.folder,),
        base=base,
        build_args={"PACKAGE": library.package, "VERSION": library.version, "LABEL": library.label},
        on=below.tag,
        lock=f"{below.lock}# {library.package} {library.called} from {library.shown}\n",
        whose=f"--with {library.shown}",
        python=below.python,
    )


def _own(cell: Cell, index: Index) -> Lock:
    """The versions of the server itself that were asked for."""
    libraries = [(axes.TABLE.library(word), version) for word, version in cell.beside.items()]
    return Lock(tuple((index.source if each.compiled else index.pin)(each.package, v) for each, v in libraries))


def _server(cell: Cell, application: ImageSpec, own: Lock, base: str, root: Path) -> ImageSpec:
    """Another server beside httpd, on top of the image that has the application with the same versions."""
    name = servers.image(cell)
    folder = root / "images" / name.partition("-")[0]
    return ImageSpec(
        name,
        image_tag(name),
        context=folder,
        dockerfile=folder / "Dockerfile",
        inputs=(folder,),
        base=base,
        build_args={**_chosen(cell), **{word.upper(): version for word, version in cell.beside.items()}},
        on=application.tag,
        lock=application.lock + (own.text if own.pins else ""),
        python=application.python,
    )
