"""Files that are written whole or not at all, and read without waiting and without end."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

from heartbed.errors import InputError, TestbedError

RUNS = "--runs"
"""The option that names the folder of runs, in which most files are."""


def save(path: Path, content: str | bytes, *, private: bool = False, option: str = RUNS) -> None:
    """Write a file whole or not at all: what was there before stays until then. Raises ``TestbedError``.

    ``private`` keeps it from other users, ``option`` is the one that names its folder, which is made if need be.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.unlink(missing_ok=True)
        temporary.touch(mode=0o600 if private else 0o666)
        temporary.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise unwritable(path, error, option) from error


def ready_folder(folder: Path, option: str) -> None:
    """Make the folder that an option names, and see that it takes files: better before a run than after it.

    Raises ``TestbedError``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "it is no folder" if isinstance(error, FileExistsError) else error.strerror or error
        hint = f"choose another folder with {option} DIR"
        raise TestbedError(f"cannot write to {option} {folder}: {reason}", hint=hint) from error


def spliced(text: str, what: str, body: str) -> str:
    """A document's text with ``body`` between the comments that mark where ``what`` is written by a program."""
    begin, end = f"<!-- begin: {what} -->\n", f"<!-- end: {what} -->\n"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}{body}{end}{rest.partition(end)[2]}"


def unwritable(path: Path, error: OSError, option: str = RUNS) -> TestbedError:
    """The error for a file that cannot be written, in a folder that this option names."""
    return TestbedError(
        f"cannot write {path}: {error.strerror or error}",
        hint=f"free some disk space, or choose another folder with {option} DIR; what was written so far is kept",
    )


def is_regular(path: Path) -> bool:
    """Whether there is a file of that name, and no folder, pipe or device. Never raises, whatever the name."""
    return stat.S_ISREG(_mode(path))


def is_folder(path: Path) -> bool:
    """Whether there is a folder of that name. Never raises, whatever the name."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    with contextlib.suppress(OSError, ValueError):  # a name that is too long, or none that there can be
        return path.stat().st_mode
    return 0


def open_now(path: Path) -> BinaryIO:
    """Open a file to be read, without waiting where it is a pipe into which nobody writes. Raises ``OSError``."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def read_octets(path: Path, most: int, shown: str = "", *, hint: str = "") -> bytes:
    """All of a file, which has at most ``most`` octets; ``shown`` is its name for people.

    Raises ``InputError`` for one that is not there, cannot be read, is none, or is larger.
    """
    shown = shown or str(path)
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            what = "a folder" if stat.S_ISDIR(mode) else "a pipe or a device"
            raise InputError(f"{shown} is not a file but {what}", hint=hint)
        with open_now(path) as file:
            octets = file.read(most + 1)
    except FileNotFoundError:
        raise InputError(f"{shown} does not exist", hint=hint) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"cannot read {shown}: {why}", hint=hint) from None
    if len(octets) > most:
        raise InputError(f"{shown} has more than {most:,} bytes", hint=hint)
    return octets
