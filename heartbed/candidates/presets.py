"""Configurations that deployment tools really write, run by name: ``apache_conf/presets``, ``uwsgi_conf/presets``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from heartbed.files import is_regular
from heartbed.places import ROOT

FOLDERS = tuple(sorted(ROOT.glob("*_conf/presets")))
SUFFIXES = (".conf", ".ini")
OPTIONS = ".nova.conf"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


def names(folders: Sequence[Path] = FOLDERS) -> list[str]:
    """The presets that there are."""
    files = [path for folder in folders for path in folder.glob("*") if path.suffix in SUFFIXES]
    return sorted(path.stem for path in files if not path.name.endswith(OPTIONS))


def path(name: str, folders: Sequence[Path] = FOLDERS) -> Path | None:
    """The file of a preset; None for what is not one."""
    if not NAME.match(name) or f"{name}.conf".endswith(OPTIONS):
        return None
    files = (folder / f"{name}{suffix}" for folder in folders for suffix in SUFFIXES)
    return next((file for file in files if is_regular(file)), None)


def is_one(file: Path) -> bool:
    """Whether a file is a preset's."""
    return file.parent in FOLDERS


def options(file: Path) -> Path | None:
    """The oslo options that the tool writes beside a preset; None where it leaves the library's defaults."""
    beside = file.with_suffix(OPTIONS)
    return beside if is_regular(beside) else None


def meaning(file: Path) -> str:
    """What the preset is: the first comment in its file."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:]
    return ""
