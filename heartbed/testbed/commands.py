"""Runs a command of Docker's to its end, so that Ctrl-C and a deadline end it in order."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import TestbedError


@dataclass(frozen=True)
class Done:
    """A command that has ended: its exit code and what it said."""

    code: int
    out: str
    err: str


def run(
    command: Sequence[str], deadline_s: float, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Done:
    """Run a command to its end. Raises ``TestbedError`` when it does not start, or does not end in time.

    An interruption is raised only once it has ended: what it has asked of the
    engine cannot be called back, and clean-up must find all that it made.
    """
    shown = " ".join(command[:3])
    try:
        # A session of its own: Ctrl-C must end us in order, not tear it in the middle.
        process = subprocess.Popen(
            list(command),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise TestbedError(f"`{shown}` does not start: {error.strerror or error}", hint="`heartbed doctor`") from error
    try:
        out, err = process.communicate(timeout=deadline_s)
    except subprocess.TimeoutExpired:
        process.kill()
        raise TestbedError(f"`{shown}` did not end within {deadline_s:g} s", hint="`heartbed doctor`") from None
    except BaseException:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=deadline_s)
        process.kill()
        raise
    return Done(process.returncode, out, err)
