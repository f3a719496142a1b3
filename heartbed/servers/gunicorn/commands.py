"""The commands of gunicorn, as they are run in its image."""

from __future__ import annotations

from collections.abc import Iterable

from heartbed.servers.gunicorn.absent import NOT_HERE
from heartbed.servers.gunicorn.settings import IN_FORCE

FOLDER, MODULE = "/opt/heartbed/gunicorn-application", "heartbed_application"
SCRIPT = f"{FOLDER}/{MODULE}.py"
"""Where the application stands: gunicorn is told a module, and where to find it."""


def read(place: str) -> tuple[str, ...]:
    """Tell what is in force."""
    return "python3", "-W", "ignore", "-c", IN_FORCE, place


def not_here(modules: Iterable[str]) -> tuple[str, ...]:
    """Tell those of the modules that the image lacks."""
    return "python3", "-W", "ignore", "-c", NOT_HERE, *modules


def start(place: str) -> tuple[str, ...]:
    """Serve."""
    return "python3", "-m", "gunicorn", "--config", place, "--pythonpath", FOLDER, f"{MODULE}:application"
