"""Configurations that deployment tools really write, kept in ``apache_conf/presets`` and run by name."""

from __future__ import annotations

import re
from pathlib import Path

from heartbed.settings import ROOT

FOLDER = ROOT / "apache_conf" / "presets"
OPTIONS = ".nova.conf"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")


def names(folder: Path = FOLDER) -> list[str]:
    """The presets that there are."""
    return sorted(path.stem for path in folder.glob("*.conf") if not path.name.endswith(OPTIONS))


def path(name: str, folder: Path = FOLDER) -> Path | None:
    """The file of a preset; None for what is not one."""
    file = folder / f"{name}.conf"
    if file.name.endswith(OPTIONS):
        return None
    return file if NAME.match(name) and file.is_file() else None


def options(file: Path) -> Path | None:
    """The oslo options that the tool writes beside a preset; None where it leaves the library's defaults."""
    beside = file.with_suffix(".nova.conf")
    return beside if beside.is_file() else None


def meaning(name: str, folder: Path = FOLDER) -> str:
    """What the preset is: the first comment in its file."""
    for line in (folder / f"{name}.conf").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            return line[2:]
    return ""
