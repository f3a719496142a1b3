"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

from heartbed.errors import TestbedError


def save(path: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all: what was there before stays until then. Raises ``TestbedError``.

    ``private`` keeps it from other users. Its folder is made if need be.
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
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> TestbedError:
    """The error for a file of a run that cannot be written."""
    return TestbedError(
        f"cannot write {path}: {error.strerror or error}",
        hint="free some disk space, or choose another folder with --runs DIR; what was written so far is kept",
    )
