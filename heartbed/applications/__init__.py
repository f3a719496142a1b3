"""The applications that run in cells, a folder each, found by themselves (``heartbed.applications.application``)."""

from __future__ import annotations

from functools import cache

from heartbed import plugins
from heartbed.applications.application import Application

DEFAULT = "minimal"
"""The folder of the application that runs in a cell where none is named."""


@cache
def applications() -> dict[str, Application]:
    """Folder -> the application that is in it, the default first."""
    found = {name: module.APPLICATION for name, module in plugins.members(__name__, "application").items()}
    return {DEFAULT: found.pop(DEFAULT), **found}


def application(factor: str) -> Application:
    """The application that a factor of the axis ``app`` stands for."""
    return next(each for each in applications().values() if factor in each.tokens)


def tokens() -> dict[str, str]:
    """Factor -> meaning, of all applications."""
    return {token: meaning for each in applications().values() for token, meaning in each.tokens.items()}


def shows() -> dict[str, object]:
    """Factor -> what the application tells that it is."""
    return {token: name for name, each in applications().items() for token in each.tokens}


def lacks(token: str) -> str:
    """Why there is no such factor although it looks like one of an application's; empty where it does not."""
    return next((why for each in applications().values() if (why := each.lacks(token))), "")


def refuses(factor: str, release: str) -> str:
    """Why an application cannot run in this OpenStack release (empty: none was named); empty where it can."""
    return application(factor).refuses(factor, release)
