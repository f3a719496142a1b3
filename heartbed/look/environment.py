"""The Python of a process and the libraries in its own environment, read from its files: nothing is imported."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path, PurePosixPath

from heartbed.files import is_folder
from heartbed.kernel.proc import namespace
from heartbed.servers.running import Program

LIBRARY = re.compile(r"libpython(3\.\d+).*\.so.*")
INTERPRETER = re.compile(r"python(3\.\d+)")
MODULES = re.compile(r"/.*?/python(3\.\d+)/.*\.so")
"""Of its library: where the interpreter is part of the program, as in some builds of uWSGI, only that tells."""

PACKAGES = re.compile(r"(/.*?/(?:site|dist)-packages)/.*")

ADDS = re.compile(r"""sys\.path\.\w+\((?:0, *)?["'](/[^"']+)["']\)""")
MOST_LINES = 100

TOLD = ("oslo.messaging", "eventlet", "gevent", "greenlet", "kombu", "amqp", "mod_wsgi", "pika", "nova")
"""The packages on which it depends how heartbeats fare."""


def python(program: Program) -> str | None:
    """The version of the Python that a process has loaded; None where it has loaded none."""
    for pattern in (LIBRARY, INTERPRETER):
        for path in (*sorted(program.maps), program.exe):
            if match := pattern.fullmatch(PurePosixPath(path).name):
                return match[1]
    return next((match[1] for path in sorted(program.maps) if (match := MODULES.fullmatch(path))), None)


def green(program: Program) -> list[str]:
    """The libraries of green threads whose compiled parts it has mapped. eventlet has none: it is built on greenlet."""
    names = [PurePosixPath(path).name for path in program.maps if ".so" in path]
    gevent = any("/gevent/" in path for path in program.maps)
    found = ["greenlet"] if any(name.startswith("_greenlet") for name in names) else []
    return [*found, "gevent"] if gevent else found


class Environments:
    """The libraries of processes; each folder is read once, however many processes share it."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, str], dict[str, str]] = {}

    def versions(self, program: Program, version: str | None) -> dict[str, str]:
        """Package -> version, of the first place on the process's path that has it."""
        if version is None:
            return {}
        found: dict[str, str] = {}
        places = list(dict.fromkeys(_places(program, version)))
        for place in places:
            places += [each for each in _added(program.root, place) if each not in places]
            for name, version_ in self._in(program, place).items():
                found.setdefault(name, version_)
        return found

    def _in(self, program: Program, place: str) -> dict[str, str]:
        try:
            key = namespace(program.pid, "mnt"), place
        except OSError:  # ended meanwhile, or another user's
            return {}
        if key not in self._read:
            self._read[key] = _packages(program.root / place.lstrip("/"))
        return self._read[key]


def _places(program: Program, version: str) -> Iterator[str]:
    """Where its packages may lie: first where it has loaded from, then what its environment says, then the usual."""
    for path in sorted(program.maps):
        if match := PACKAGES.fullmatch(path):
            yield match[1]
    yield from (each for each in program.environ.get("PYTHONPATH", "").split(":") if each.startswith("/"))
    homes = [program.environ.get("VIRTUAL_ENV", "")]
    homes += [str(PurePosixPath(path).parent.parent) for path in _commands(program)]
    for home in (*filter(None, homes), "/usr/local", "/usr"):
        yield f"{home}/lib/python{version}/site-packages"
        yield f"{home}/lib64/python{version}/site-packages"
        yield f"{home}/lib/python{version}/dist-packages"
    yield "/usr/lib/python3/dist-packages"


def _commands(program: Program) -> Iterator[str]:
    """Where its command is, by name or on its PATH: Python finds a virtual environment by that."""
    command = program.argv[0] if program.argv else ""
    if command.startswith("/"):
        yield command
    elif command and "/" not in command:
        for folder in program.environ.get("PATH", "").split(":"):
            if folder.startswith("/") and os.path.lexists(program.root / folder.lstrip("/") / command):
                yield f"{folder}/{command}"


def _added(root: Path, place: str) -> Iterator[str]:
    """What the .pth files of a folder add to the path."""
    folder = root / place.lstrip("/")
    with contextlib.suppress(OSError):
        for path in sorted(folder.glob("*.pth")):
            for line in path.read_text(errors="replace").splitlines()[:MOST_LINES]:
                if line.startswith(("import ", "import\t")):
                    yield from ADDS.findall(line)
                elif line.startswith("/"):
                    yield line.rstrip()


def _packages(folder: Path) -> dict[str, str]:
    """Package -> version in one folder."""
    if not is_folder(folder):
        return {}
    found = {}
    for name in TOLD:
        for distribution in Distribution.discover(name=name, path=[str(folder)]):
            if version := _version(distribution):
                found[name] = version
                break
    return found


def _version(distribution: Distribution) -> str | None:
    try:
        return distribution.version
    except (OSError, KeyError, TypeError, ValueError):
        return None
