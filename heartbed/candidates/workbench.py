"""Where candidates are made ready: a folder of Heartbed's own, which the containers see at one place."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from heartbed.candidates.adapted import Adapted
from heartbed.errors import TestbedError
from heartbed.places import STATE

FOLDER = STATE / "candidates"
LOCK = ".lock"
IN_THE_MAKING_S = 60.0
"""A workbench has no lock yet for an instant; one that has none for longer was left by a process that was killed."""


@dataclass(frozen=True)
class Workbench:
    """A folder that holds, for each candidate, ``<label>/`` with a main file and the user's own in ``files/``."""

    folder: Path
    modes: dict[Path, int] = field(default_factory=dict)
    """The user's files in it -> the mode that each has. Here all are readable: the servers are another user."""

    @property
    def packages(self) -> Path:
        """Where the packages of a user's own application go."""
        return self.folder / ".packages"

    @property
    def own(self) -> Path:
        """Where the copy of a user's own application goes."""
        return self.folder / ".own"

    def write(self, label: str, adapted: Adapted, main: str, text: str) -> None:
        """Write the copy of a configuration, and the main file that includes it: its name, and its text."""
        place = self.folder / label
        for file in adapted.source.files:
            path = place / "files" / file.inside
            path.parent.mkdir(parents=True, exist_ok=True)
            self.modes[path.relative_to(self.folder)] = _mode(file.path)
            path.write_bytes("\n".join(adapted.text(file)).encode("utf-8", "surrogateescape"))
        (place / main).write_text(text, encoding="utf-8")
        for path in (place, *place.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

    def keep(self, run: Path) -> None:
        """Put what was run beside its record, each of the user's files with the mode that it has."""
        kept = run / "candidates"
        with contextlib.suppress(OSError):
            shutil.copytree(self.folder, kept, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
            for path, mode in self.modes.items():
                (kept / path).chmod(mode)

    @property
    def lock(self) -> Path:
        """A file that is locked while the workbench is in use: clean-up goes by it."""
        return self.folder / LOCK


def _mode(path: Path) -> int:
    """A user's file's; for what was made of one, the strictest."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return 0o600


@contextlib.contextmanager
def workbench(root: Path = FOLDER) -> Iterator[Workbench]:
    """A workbench that is cleared afterwards, as are those of processes that were killed. Raises ``TestbedError``."""
    try:
        # The containers see what they are given whoever may reach it here; nobody else needs to.
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        root.chmod(0o700)
        _clear(root)
        folder = Path(tempfile.mkdtemp(dir=root))
        folder.chmod(0o755)
    except OSError as error:
        raise TestbedError(f"cannot make a folder in {root}: {error.strerror}") from error
    made = Workbench(folder)
    try:
        with FileLock(made.lock):
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear(root: Path) -> None:
    """Remove the workbenches whose lock is free, and those that lost it while they were made or removed."""
    for folder in root.iterdir():
        lock = folder / LOCK
        with contextlib.suppress(Timeout, OSError):
            if lock.exists():
                with FileLock(lock, timeout=0):
                    shutil.rmtree(folder, ignore_errors=True)
            elif time.time() - folder.stat().st_mtime > IN_THE_MAKING_S:
                shutil.rmtree(folder, ignore_errors=True)
