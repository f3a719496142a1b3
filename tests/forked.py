"""Runs ``heartbed`` in a fork of this process: as the program itself runs, without its start and imports."""

from __future__ import annotations

import contextlib
import locale
import os
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import heartbed.cli  # noqa: F401  # imported here, once, so that no fork has to
from heartbed import __main__ as program
from heartbed.servers import families

families()  # likewise

PATIENCE_S = 60.0
"""Wall-clock seconds after which it is ended: much more than it may take, on a machine that is busy."""


@dataclass(frozen=True)
class Forked:
    """What became of it. ``cpu_s`` is the time that it has computed, ``waited_s`` the time that it took."""

    code: int
    out: bytes
    err: bytes
    cpu_s: float
    waited_s: float


def run(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    *,
    into: int | None = None,
    closed: Sequence[int] = (),
) -> Forked:
    """Run the command with these variables in this folder; code -9 for one that had to be ended.

    Its standard output leads to the descriptor ``into``, where one is given; those in ``closed`` it has not.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.monotonic()
        pid = os.fork()
        if pid == 0:
            _become(arguments, environ, folder, (out.fileno() if into is None else into, err.fileno()), closed)
        status, cpu_s = _wait(pid)
        out.seek(0)
        err.seek(0)
        return Forked(os.waitstatus_to_exitcode(status), out.read(), err.read(), cpu_s, time.monotonic() - started)


def _wait(pid: int) -> tuple[int, float]:
    descriptor = os.pidfd_open(pid)
    with contextlib.closing(os.fdopen(descriptor)):
        if not select.select([descriptor], [], [], PATIENCE_S)[0]:
            os.kill(pid, signal.SIGKILL)
    _, status, usage = os.wait4(pid, 0)
    return status, usage.ru_utime + usage.ru_stime


def _stream(standard: int) -> TextIO:
    return open(standard, "w", encoding="utf-8", closefd=False)


def _become(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    folder: Path,
    streams: tuple[int, int],
    closed: Sequence[int],
) -> None:
    """Be the program; never returns."""
    code = 70
    try:
        for descriptor, standard in zip((os.open(os.devnull, os.O_RDONLY), *streams), range(3), strict=True):
            os.dup2(descriptor, standard)
        # As Python itself has them at its start.
        streams_of = {n: None if n in closed else _stream(n) for n in (1, 2)}
        sys.stdout, sys.stderr = streams_of[1], streams_of[2]
        for standard in closed:
            os.close(standard)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        locale.setlocale(locale.LC_CTYPE, "")  # as Python does at its start
        sys.argv = ["heartbed", *arguments]
        program.main()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001  # whatever it is: it did not end as it should have
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
