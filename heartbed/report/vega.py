"""Vega, by vl-convert: what it makes of the same is the same for each of its releases, and kept between runs."""

from __future__ import annotations

import atexit
import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import vl_convert

from heartbed.errors import TestbedError
from heartbed.files import save
from heartbed.places import STATE

DRAWS = Path(__file__).with_name("draws.py")


@cache
def compiled(spec: str) -> str:
    """The Vega specification, as JSON, of one of Vega-Lite."""
    return _kept(spec, "json", lambda: json.dumps(vl_convert.vegalite_to_vega(spec)))


@cache
def bundled(code: str) -> str:
    """A script that holds this one and of Vega what it names."""
    return _kept(code, "js", lambda: str(vl_convert.javascript_bundle(code)))


def drawn(spec: dict[str, Any]) -> str:
    """A Vega specification as an SVG document.

    The first takes half a second, for which nothing else goes on in this process: a browser's engine is started for
    it. After ``get_ready`` it is there already.
    """
    if _pens:
        with suppress(OSError, ValueError):
            return _pens[0].drawn(spec)
    return vl_convert.vega_to_svg(spec)


def get_ready() -> None:
    """Begin to start what draws; returns at once."""
    if not _pens:
        with suppress(OSError):
            _pens.append(_Pen())


class _Pen:
    """Draws in a process of its own, which ends with this one."""

    def __init__(self) -> None:
        # In a session of its own, since Ctrl-C at the terminal is meant for this process.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(DRAWS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            encoding="utf-8",
            start_new_session=True,
        )
        self._lock = threading.Lock()
        atexit.register(self._close)

    def drawn(self, spec: dict[str, Any]) -> str:
        """The document. Raises ``OSError`` or ``ValueError`` where that process has ended."""
        assert self._process.stdin is not None  # noqa: S101  # it was asked for
        assert self._process.stdout is not None  # noqa: S101  # likewise
        with self._lock:
            self._process.stdin.write(json.dumps(spec) + "\n")
            self._process.stdin.flush()
            return str(json.loads(self._process.stdout.readline()))

    def _close(self) -> None:
        self._process.kill()
        self._process.wait()


_pens: list[_Pen] = []


def _kept(asked: str, suffix: str, make: Callable[[], str]) -> str:
    """It takes vl-convert seconds."""
    digest = hashlib.sha256(asked.encode()).hexdigest()[:16]
    kept = STATE / "vega" / f"{metadata.version('vl-convert-python')}-{digest}.{suffix}"
    with suppress(OSError):
        return kept.read_text("utf-8")
    made = make()
    with suppress(TestbedError):
        save(kept, made, private=True)
    return made
