"""The files of images as volumes, for engines that serve a container's files in user space.

Where the storage driver is fuse-overlayfs, every container has a process that hands it each of its files: importing an
application takes half as long again, and no two containers share a page of memory. A volume is a folder of the engine's
own file system. So what is read much is copied into volumes, once an image, and all containers of the image have these.
Which folders that are, the image says itself, in labels that begin with ``heartbed.reads``.

What holds is what is published: the volumes are filled under names that nobody else has, then a volume is made whose
labels name them. A second one of that name cannot be made, and whoever is killed before leaves only what nobody uses.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import docker.errors
import requests
from docker.types import Mount

from heartbed.testbed.labels import FILES_LABEL, LABEL, READS_LABEL

IN_USER_SPACE = ("fuse-overlayfs",)
"""The storage drivers, as ``docker info`` calls them, whose files a process serves."""

DIGITS = 12
"""As many of an image's id as Docker itself shows."""

FILLERS = 2


def volumes(
    client: docker.DockerClient, images: Iterable[str], worth: Collection[str], labels: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """The volumes of these images, by their ids: folder -> the name of the volume that has what is in it.

    They are filled for those that are ``worth`` it, and used where they are there; ``labels`` go on what is made only
    for the time of filling. Empty where the storage driver works in the kernel, and for images that name no folder.
    """
    if client.info().get("Driver") not in IN_USER_SPACE:
        return {}
    published = _published(client)
    missing = [image for image in dict.fromkeys(images) if image in worth and image not in published]
    if missing:
        with ThreadPoolExecutor(FILLERS) as pool:
            list(pool.map(lambda image: _publish(client, image, labels), missing))
        _prune(client)
        published = _published(client)
    return {image: published[image] for image in images if image in published}


def clear(client: docker.DockerClient, *labels: str) -> None:
    """Remove all of them that carry these labels too, save those that a container has."""
    _remove(client, [each["Name"] for each in _made(client, *labels)])


def _made(client: docker.DockerClient, *labels: str) -> list[dict[str, Any]]:
    """All volumes that hold an image's files, or name those that do."""
    return list(client.api.volumes(filters={"label": [FILES_LABEL, *labels]})["Volumes"] or ())


def _published(client: docker.DockerClient) -> dict[str, dict[str, str]]:
    """By their ids, the images whose files are in volumes, all of which are still there."""
    made = {each["Name"]: each["Labels"] for each in _made(client)}
    named = ((labels[FILES_LABEL], _named(labels)) for labels in made.values())
    return {image: folders for image, folders in named if folders and made.keys() >= set(folders.values())}


def _publish(client: docker.DockerClient, image: str, labels: Mapping[str, str]) -> None:
    """Fill volumes with an image's files and publish them; none where the engine cannot, as for want of room."""
    said = client.images.get(image).labels or {}
    folders = [each for key, value in said.items() if key.startswith(READS_LABEL) for each in value.split()]
    if not folders:
        return
    mine = {LABEL: "1", FILES_LABEL: image}
    name = f"heartbed-files-{image.removeprefix('sha256:')[:DIGITS]}"
    # Others that it names are gone, as after `docker volume prune`.
    _remove(client, [name])
    filled = {folder: f"{name}-{secrets.token_hex(3)}{folder.replace('/', '-')}" for folder in folders}
    try:
        for volume in filled.values():
            client.volumes.create(volume, labels=mine)
        # The engine fills a volume that is empty from the image, when a container is made with it.
        mounts = [Mount(folder, volume, type="volume") for folder, volume in filled.items()]
        filler = client.containers.create(image, ["true"], mounts=mounts, network_mode="none", labels=dict(labels))
        try:
            client.volumes.create(name, labels={**mine, **filled})
        finally:
            filler.remove(v=False)
    except (docker.errors.DockerException, requests.RequestException):
        _remove(client, filled.values())


def _prune(client: docker.DockerClient) -> None:
    """Remove volumes whose image is gone, and those that were filled and never published."""
    published = _published(client)
    used = {volume for folders in published.values() for volume in folders.values()}
    there = {str(each.id) for each in client.images.list()}
    made = {each["Name"]: each["Labels"] for each in _made(client)}
    orphans = [name for name, labels in made.items() if labels[FILES_LABEL] not in there]
    unused = [name for name, labels in made.items() if labels[FILES_LABEL] in published and not _named(labels)]
    _remove(client, [*orphans, *(name for name in unused if name not in used)])


def _remove(client: docker.DockerClient, names: Iterable[str]) -> None:
    """Remove volumes; one that a container has, another's that is just being filled among them, does not go."""
    for name in names:
        with contextlib.suppress(docker.errors.DockerException, requests.RequestException):
            client.api.remove_volume(name)


def _named(labels: Mapping[str, str]) -> dict[str, str]:
    """Folder -> volume, of the volume that names those that hold an image's files; of these themselves nothing."""
    return {key: value for key, value in labels.items() if key.startswith("/")}
