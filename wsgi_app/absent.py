"""Stands in for what a server's own configuration uses, and that is not in the testbed: modules, and files of hooks.

Whatever is called of it does nothing. It decides nothing either: where a
setting or a condition hangs on it, it raises ``NotHereError``.
"""

from __future__ import annotations

import functools
import sys
from typing import Any, Self


class NotHereError(TypeError):
    """Something was to be decided by what is not here."""


class Absent:
    """What is not here, by the name that it has in the source: the module, what is in it, and what calls of it give."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        # What Python itself asks of every object is not in the module.
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *_: object, **__: object) -> Absent:
        """Do nothing."""
        return Absent(f"{self._name}()")

    def __getitem__(self, _: object) -> Absent:
        """Something of it."""
        return Absent(f"{self._name}[]")

    def __enter__(self) -> Self:
        """Do nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""

    def __mro_entries__(self, _: object) -> tuple[type, ...]:
        """A class that is made of it is made of nothing."""
        return ()

    def __repr__(self) -> str:
        return self._name

    def _undecided(self, *_: Any) -> Any:
        raise NotHereError(f"{self._name} is not in the testbed")

    __bool__ = __int__ = __index__ = __float__ = __iter__ = __len__ = __contains__ = __hash__ = _undecided
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __mul__ = __rmul__ = _undecided
    __format__ = __mod__ = __sub__ = __rsub__ = __floordiv__ = __truediv__ = _undecided


def harmless(hook: Any) -> Any:
    """The hook of a server, which goes on where it fails; what is none as it is."""
    if not callable(hook):
        return hook

    @functools.wraps(hook)
    def passed_over(*arguments: Any) -> Any:
        try:
            return hook(*arguments)
        except Exception as error:  # noqa: BLE001  whatever it misses here
            sys.stderr.write(f"heartbed: a hook is passed over: {hook!r}: {type(error).__name__}: {error}\n")

    return passed_over
