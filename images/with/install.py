"""Puts a wheel in front of the version of the same package that the image has: ``install.py PACKAGE LABEL FOLDER``.

The image has no pip. A wheel is a zip file that is unpacked where it is to be imported from; mod_wsgi's has the module
that httpd loads. ``LABEL`` is left in its metadata, where the application finds it.
"""

from __future__ import annotations

import re
import shutil
import sys
import zipfile
from importlib import metadata
from pathlib import Path

VERSIONS = Path("/opt/heartbed/versions")
MODULE = Path("/opt/heartbed/modules/mod_wsgi.so")
SOURCE = "heartbed-source"
"""The file in a package's metadata that says where it is from (``wsgi_app/facts.py``)."""


def normal(name: str) -> str:
    """A name in the one spelling that stands for all."""
    return re.sub(r"[-_.]+", "-", name).lower()


def remove(package: str) -> None:
    """Remove the files of what is installed there under this name."""
    for found in metadata.distributions(path=[str(VERSIONS)]):
        if normal(found.metadata["Name"]) == normal(package):
            for file in found.files or ():
                (VERSIONS / file).unlink(missing_ok=True)
    for info in VERSIONS.glob("*.dist-info"):
        if normal(info.name.partition("-")[0]) == normal(package):
            shutil.rmtree(info)


def unpack(wheel: Path) -> Path:
    """Unpack a wheel; returns the folder of its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(VERSIONS)
        info = next(name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name)
    for data in VERSIONS.glob("*.data"):
        for kind in ("purelib", "platlib"):
            if (data / kind).is_dir():
                shutil.copytree(data / kind, VERSIONS, dirs_exist_ok=True)
        shutil.rmtree(data)
    return VERSIONS / info


def main(package: str, label: str, folder: Path) -> None:
    """Install the one wheel in the folder. Ends with a message where it is not that package."""
    (wheel,) = folder.glob("*.whl")
    if normal(wheel.name.partition("-")[0]) != normal(package):
        sys.exit(f"RuntimeError: {wheel.name} is not a wheel of {package}")
    if package == "mod_wsgi":
        with zipfile.ZipFile(wheel) as archive:
            name = next(each for each in archive.namelist() if re.search(r"mod_wsgi-py3\w*\..*so$", each))
            MODULE.write_bytes(archive.read(name))
        return
    remove(package)
    (unpack(wheel) / SOURCE).write_text(label, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
