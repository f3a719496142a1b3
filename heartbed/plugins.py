"""What is found by itself: the modules of a package in which one file is one thing (a probe, a format, a plot)."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def names(package: str) -> tuple[str, ...]:
    """The modules and packages directly inside ``package``, by name; none of them is imported."""
    path = importlib.import_module(package).__path__
    return tuple(sorted(found.name for found in pkgutil.iter_modules(path)))


def modules(package: str) -> dict[str, ModuleType]:
    """Name -> module, for each of these."""
    return {name: importlib.import_module(f"{package}.{name}") for name in names(package)}
