"""A run's folder under ``runs/``: its name, its lock, and the pointer to the newest."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from heartbed import places
from heartbed.errors import InputError, TestbedError
from heartbed.files import is_regular, open_now
from heartbed.record.event import FILE_NAME

LATEST = "latest"
LOCK = ".lock"


@dataclass(frozen=True)
class RunFolder:
    """One run's folder. The lock is held, and let go by the kernel, exactly as long as the run's process lives."""

    path: Path
    lock: FileLock

    @property
    def name(self) -> str:
        """The run's name: the local time at which it began, made unique."""
        return self.path.name

    @property
    def lock_path(self) -> Path:
        """The file that is locked while the run lives."""
        return self.path / LOCK

    def become_latest(self) -> None:
        """Let ``latest`` point at it, now that its record has begun. Raises ``TestbedError``."""
        runs = self.path.parent
        with _writing_to(runs):
            _point(runs / LATEST, self.name)


def check(runs: Path) -> None:
    """Raise ``TestbedError`` when runs cannot be put there: better before images are built than after."""
    with _writing_to(runs):
        runs.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=runs).close()


def prepare(runs: Path) -> RunFolder:
    """Make the folder of a new run and lock it; it is the latest once its record has begun. Raises ``TestbedError``."""
    name = time.strftime("%Y%m%d-%H%M%S")
    with _writing_to(runs):
        runs.mkdir(parents=True, exist_ok=True)
        path = _make(runs, name)
        lock = FileLock(path / LOCK)
        lock.acquire(timeout=0)
    return RunFolder(path, lock)


@contextlib.contextmanager
def _writing_to(runs: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TestbedError(
            f"cannot write to the folder of runs {runs}: {error.strerror or error}",
            hint="choose another one with --runs DIR or HEARTBED_RUNS",
        ) from error


def _make(runs: Path, name: str) -> Path:
    """A new folder of that name, or with a number behind it when another run began in the same second."""
    for number in itertools.count(1):
        path = runs / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)  # logs and users' files may hold what is not for every user of this machine
            return path
    raise AssertionError  # the count does not end


def _point(link: Path, target: str) -> None:
    temporary = link.with_name(f".{LATEST}-{target}")
    temporary.symlink_to(target)
    temporary.replace(link)


def default() -> Path:
    """The folder of all runs where none is named: HEARTBED_RUNS, or the one that places know."""
    named = os.environ.get("HEARTBED_RUNS")
    return Path(named) if named else places.runs()


def is_newest(folder: Path) -> bool:
    """Whether this run is the one that is meant where none is named."""
    return (default() / LATEST).resolve() == folder.resolve()


def is_alive(folder: Path) -> bool:
    """Whether the run in this folder still goes on: whether its lock is held on this machine."""
    with contextlib.suppress(OSError), open_now(folder / LOCK) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def find(runs: Path, text: str) -> Path:
    """The folder that a user means by a path, a run's name, or ``latest``. Raises ``InputError``."""
    for candidate in (Path(text), runs / text):
        if is_regular(candidate / FILE_NAME):
            return candidate.resolve()
        if candidate.name == FILE_NAME and is_regular(candidate):
            return candidate.resolve().parent
        with contextlib.suppress(OSError, ValueError):
            if os.path.lexists(candidate / FILE_NAME):
                raise InputError(f"{candidate / FILE_NAME} is no file, but a pipe, a folder or a link to none")
    known = [path.name for path in every(runs)]
    nearest = f"the newest is {known[-1]}" if known else f"there is none in {runs}"
    raise InputError(f"no run {text!r}: {nearest}", hint="`heartbed runs` lists them")


def every(runs: Path) -> list[Path]:
    """All runs that have a record, or what stands in the place of one, oldest first. Raises ``InputError``."""
    try:
        return sorted(path.parent for path in runs.glob(f"*/{FILE_NAME}") if path.parent.name != LATEST)
    except OSError as error:
        raise InputError(f"cannot read the folder of runs {runs}: {error.strerror}") from None
