"""The axis of the Pythons: which one the application runs on, and with it which httpd of Debian's embeds it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from heartbed import applications
from heartbed.cells.axis import Axis
from heartbed.cells.observed import Observed
from heartbed.versions.pythons import PYTHONS, Python
from heartbed.versions.releases import RELEASES, number

WORD = "python"
NUMBER = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}")


def token(version: str) -> str:
    """The factor of a version: ``python3.9``."""
    return f"{WORD}{version}"


def of(factor: str) -> Python:
    """The Python that a factor stands for."""
    return PYTHONS[factor.removeprefix(WORD)]


def _follows(chosen: Mapping[str, str]) -> str:
    """That of the OpenStack release; where none was chosen, that for which the application is locked."""
    if release := chosen.get("release", ""):
        return token(RELEASES[release].python)
    app = chosen.get("app", applications.DEFAULT)
    return next((token(each) for each in applications.application(app).pythons(app, "")), "")


def _does_not_run(chosen: Mapping[str, str]) -> str:
    """Why what else was chosen does not run on this Python."""
    version = of(chosen[WORD]).version
    release = chosen.get("release", "")
    if release and (why := RELEASES[release].refuses(version)):
        return why
    app = chosen.get("app", applications.DEFAULT)
    locked_for = applications.application(app).pythons(app, release)
    if not locked_for or version in locked_for:
        return ""
    nearest = ", ".join(token(each) for each in locked_for)
    return (
        f"{app} does not run on Python {version} here, it is not locked for it: the nearest that runs it is {nearest}"
    )


def _lacks(word: str) -> str:
    """Why there is no such Python here, with the nearest that are."""
    version = word.removeprefix(WORD)
    if version == word or not NUMBER.fullmatch(version):
        return ""
    nearest = min(PYTHONS, key=lambda each: abs(_place(each) - _place(version)))
    return f"there is no Python {version} here; the nearest is {token(nearest)}, all: {', '.join(TOKENS)}"


def _place(version: str) -> int:
    """Where a version stands among all: a first part counts more than any second."""
    first, second, *_ = (*number(version), 0)
    return 1000 * first + second


TOKENS = {
    token(each.version): f"Python {each.version}, of Debian {each.suite}, as all else in the image"
    for each in PYTHONS.values()
}
DEFAULT = next(iter(TOKENS))

PYTHON = Axis(
    WORD,
    "the Python",
    TOKENS,
    label="Python",
    installs=True,
    application=True,
    environment={each: {} for each in TOKENS},
    observed=Observed("the Python", (WORD,), says={each: of(each).version for each in TOKENS}),
    words={each: f"Python {of(each).version}" for each in TOKENS},
    follows=_follows,
    senseless=_does_not_run,
    lacks=_lacks,
)
