"""What is found by itself: the modules or folders of a package, each of which is one thing (a probe, a server)."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType


def names(package: str) -> tuple[str, ...]:
    """The modules and packages directly inside ``package``, by name; none of them is imported."""
    path = importlib.import_module(package).__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(path)))


def modules(package: str) -> dict[str, ModuleType]:
    """Name -> module, for each of these."""
    return {name: importlib.import_module(f"{package}.{name}") for name in names(package)}


def members(package: str, member: str) -> dict[str, ModuleType]:
    """Name -> the module of that name in each package directly inside ``package`` that has one."""
    places = {name: f"{package}.{name}.{member}" for name in names(package) if _is_package(f"{package}.{name}")}
    return {name: importlib.import_module(each) for name, each in places.items() if importlib.util.find_spec(each)}


def _is_package(name: str) -> bool:
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.submodule_search_locations is not None
