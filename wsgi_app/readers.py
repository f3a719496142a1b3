"""Stands in for libraries that read the environment: django-environ, environs, python-decouple and python-dotenv.

What they all do is done here: a variable is read from the environment of the
process, as the type that is asked for, else its default is taken. What has
neither is not here (``wsgi_app.absent``). Files of variables are not read: they
are of another machine.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from wsgi_app.absent import Absent

TRUE = ("true", "on", "ok", "y", "yes", "1", "t")
NAME = re.compile(r"[A-Za-z_]\w*")
FILES = ("read_env", "load_dotenv", "RepositoryEnv", "RepositoryIni")
"""What reads a file."""


def _is_true(text: str) -> bool:
    return text.strip().lower() in TRUE


def _parts(text: str) -> list[str]:
    return [each for each in text.split(",") if each]


CASTS: Mapping[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "bool": _is_true,
    "list": _parts,
    "tuple": lambda text: tuple(_parts(text)),
    "json": json.loads,
}
"""Types, by the names of methods that read them."""

Scheme = Mapping[str, tuple[Any, Any]]


class Reader(Absent):
    """Such a library, and all that there is in it, by the name that it has in the source.

    ``scheme`` are the types and defaults that were told beforehand, by variables.
    """

    def __init__(self, name: str, scheme: Scheme | None = None) -> None:
        super().__init__(name)
        self._scheme = scheme or {}

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Reader(f"{self._name}.{name}", self._scheme)

    def __call__(self, *given: Any, **named: Any) -> Any:
        """Read the variable that is named; whatever else is asked of it, be told how to read."""
        method = self._name.rpartition(".")[2]
        if method == "dotenv_values":
            return {}
        if method in FILES or not given or not isinstance(given[0], str) or not NAME.fullmatch(given[0]):
            told = {name: each for name, each in named.items() if isinstance(each, tuple) and len(each) == 2}
            return Reader(self._name, {**self._scheme, **told})
        variable, *rest = given
        # The second argument is a type for an object that is called itself, as in env("A", int), else the default.
        second = rest[0] if rest else None
        cast, default = self._scheme.get(variable, (None, Absent(f"the variable {variable}")))
        if rest:
            cast, default = (second, default) if isinstance(second, type) else (cast, second)
        cast = named.get("cast", CASTS.get(method, cast))
        return self._read(variable, cast, named.get("default", default))

    def __getitem__(self, variable: Any) -> Any:
        """A variable as it is."""
        return self(variable)

    @staticmethod
    def _read(variable: str, cast: Any, default: Any) -> Any:
        value = os.environ.get(variable, default)
        if not isinstance(value, str) or cast is None:
            return value
        if isinstance(cast, Absent):  # a type of the library's own, such as Csv()
            return [each.strip() for each in _parts(value)]
        return CASTS.get(getattr(cast, "__name__", ""), cast)(value)
