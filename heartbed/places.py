"""Where things are: what a run is made from, what is kept between runs, and the ports inside a run.

In a clone all of it stays in the clone. An installed package carries what a run is made from as its own data, keeps
what can be had again in the user's cache folder, and puts runs where the user stands.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from platformdirs import user_cache_path

PACKAGE = Path(__file__).resolve().parent

PARTS = PACKAGE / "parts"
"""In an installed package: what stands at the top of a clone (``pyproject.toml`` says what of it)."""

INSTALLED = PARTS.is_dir()
"""Whether this is an installed package, and no clone."""

ROOT = PARTS if INSTALLED else PACKAGE.parent
"""Images, configurations, presets and the application are taken from here. Nothing is written there but in a clone."""

STATE = user_cache_path("heartbed") if INSTALLED else ROOT / ".heartbed"
"""What is kept between runs, and can be had again: logs of builds, answers of the index, copies of candidates."""

RUNS = "heartbed-runs" if INSTALLED else "runs"
"""The name of the folder of runs: in the folder where the user stands, or in the clone."""

AMQP_PORT = 5672
"""Where the broker listens, within the network of a run."""

HTTP_PORT = 8080
"""Where every cell answers, within the network of a run."""

APP_DIRECTORY = "/opt/heartbed"
"""Where Heartbed's own files are in every image that hosts the application."""


def here() -> Path:
    """The folder where the user stands; one that has been removed meanwhile by the name that the shell has for it."""
    try:
        return Path.cwd()
    except OSError:
        return Path(os.environ.get("PWD", "/"))


def short(path: Path) -> str:
    """The path as a person would type it here."""
    with contextlib.suppress(ValueError, OSError):
        return str(path.resolve().relative_to(here()))
    return str(path)


def runs() -> Path:
    """The folder of all runs where none is named."""
    return (here() if INSTALLED else ROOT) / RUNS
