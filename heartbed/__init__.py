"""Heartbed: does this Apache configuration keep its RabbitMQ connections alive?"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("heartbed")
except PackageNotFoundError:  # imported from a tree that is not installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
