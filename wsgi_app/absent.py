"""Stands in for what a server's own configuration uses, and that is not in the testbed: modules, and files of hooks.

Whatever is called of it does nothing, and what is made of it is not here
either. It decides nothing: where a condition hangs on it, or a number, it
raises ``NotHereError``. Text that it is part of says so in ``MARK``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

MARK = " is not in the testbed>"


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

    def _marked(self, *_: Any) -> str:
        return f"<{self._name}{MARK}"

    __str__ = __format__ = __fspath__ = _marked

    def _made_of_it(self, *_: Any) -> Absent:
        return Absent(self._name)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _made_of_it
    __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = __mod__ = __rmod__ = _made_of_it

    def _undecided(self, *_: Any) -> Any:
        raise NotHereError(f"{self._name} is not in the testbed")

    __bool__ = __int__ = __index__ = __float__ = __iter__ = __len__ = __contains__ = __hash__ = _undecided
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _undecided


def missing(value: object) -> str:
    """What is not here of what a value is made of, by its name; empty where all is."""
    if isinstance(value, Absent):
        return repr(value)
    if isinstance(value, str) and MARK in value:
        return value.partition(MARK)[0].rpartition("<")[2]
    parts = value if isinstance(value, list | tuple) else ()
    return next((found for each in parts if (found := missing(each))), "")


def pass_over(names: MutableMapping[str, Any], *hooks: str) -> None:
    """Have these hooks, of those names of a server's configuration, go on where they fail; without those not here."""
    for name in hooks:
        hook = names[name]
        if isinstance(hook, Absent):
            del names[name]
        elif callable(hook):
            names[name] = _harmless(hook)


def _harmless(hook: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(hook)
    def passed_over(*arguments: Any) -> Any:
        try:
            return hook(*arguments)
        except Exception as error:  # noqa: BLE001  whatever it misses here
            sys.stderr.write(f"heartbed: a hook is passed over: {hook!r}: {type(error).__name__}: {error}\n")

    return passed_over
