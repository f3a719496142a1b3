"""Heartbed: does this Apache configuration keep its RabbitMQ connections alive?"""

from __future__ import annotations

__version__: str


def __getattr__(name: str) -> str:
    """``__version__``, when it is first asked for: nothing is imported before ``__main__`` is ready for Ctrl-C."""
    if name != "__version__":
        raise AttributeError(name)
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version("heartbed")
    except PackageNotFoundError:  # imported from a tree that is not installed
        return "0+unknown"
