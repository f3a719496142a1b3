"""Which project a checkout, a source distribution or a wheel is: read from its files, and nothing of it is run."""

from __future__ import annotations

import ast
import configparser
import lzma
import re
import tarfile
import tomllib
import zipfile
import zlib
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from heartbed.errors import InputError

BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
KINDS = "a checkout (a folder with pyproject.toml, setup.cfg or setup.py), a source distribution (.tar.gz) or a wheel"


@dataclass(frozen=True)
class Project:
    """Its name as on PyPI, and the version that it has of itself; empty where only building it tells."""

    name: str
    version: str = ""


BROKEN = (OSError, EOFError, RuntimeError, ValueError, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)
"""What is raised by archives that are cut short, damaged, encrypted or packed in another way than is known here."""


def normal(name: str) -> str:
    """A name in the one spelling that stands for all (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def of(path: Path) -> Project:
    """The project. Raises ``InputError`` for what is none."""
    if path.is_dir():
        return _of_tree(path)
    if not path.is_file():
        raise InputError(f"--with {path}: there is no such file or folder", hint=f"name {KINDS}")
    try:
        if path.suffix == ".whl":
            return _of_wheel(path)
        if path.name.endswith(".tar.gz"):
            return _of_sdist(path)
    except BROKEN as error:
        raise InputError(f"--with {path}: it cannot be read: {error}") from None
    raise InputError(f"--with {path}: neither a source distribution nor a wheel", hint=f"name {KINDS}")


def _of_tree(path: Path) -> Project:
    if not any((path / name).is_file() for name in BUILD_FILES):
        none = f"none of {', '.join(BUILD_FILES)}"
        raise InputError(f"--with {path}: it has no build system: {none}", hint=f"name {KINDS}")
    readers = {"pyproject.toml": _in_pyproject, "setup.cfg": _in_setup_cfg, "setup.py": _in_setup_py}
    name = next((found for file, read in readers.items() if (found := read(path / file))), "")
    if not name:
        raise InputError(
            f"--with {path}: its build files do not say which project it is",
            hint="build a wheel of it (pip wheel --no-deps .) and name that",
        )
    return Project(name)


def _in_pyproject(file: Path) -> str:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        return ""
    except ValueError as error:
        raise InputError(f"--with: {file} is not TOML: {error}") from None
    project = read.get("project")
    return str(project.get("name", "")) if isinstance(project, dict) else ""


def _in_setup_cfg(file: Path) -> str:
    parser = configparser.RawConfigParser()
    try:
        parser.read(file, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputError(f"--with: {file} cannot be read: {error}") from None
    return parser.get("metadata", "name", fallback="").strip()


def _in_setup_py(file: Path) -> str:
    """The ``name`` that is handed to ``setup()`` as a string."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ""
    for call in (each for each in ast.walk(tree) if isinstance(each, ast.Call)):
        for keyword in call.keywords:
            if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                return str(keyword.value.value)
    return ""


def _of_wheel(path: Path) -> Project:
    with zipfile.ZipFile(path) as wheel:
        names = [name for name in wheel.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        return _told(path, wheel.read(names[0]).decode("utf-8", "replace") if names else "")


def _of_sdist(path: Path) -> Project:
    with tarfile.open(path) as tar:
        names = [name for name in tar.getnames() if re.fullmatch(r"[^/]+/PKG-INFO", name)]
        file = tar.extractfile(names[0]) if names else None
        return _told(path, file.read().decode("utf-8", "replace") if file else "")


def _told(path: Path, text: str) -> Project:
    found = Parser().parsestr(text)
    if not found["Name"]:
        raise InputError(f"--with {path}: it has no metadata that say which project it is", hint=f"name {KINDS}")
    return Project(found["Name"], found["Version"] or "")
