"""What an application is: its image layer, its WSGI script, the requests that it is asked, the connections it opens.

An application is a folder of this package with a module ``application`` that has one object, ``APPLICATION``. What runs
inside its containers lies beside it. The axis ``app`` (``heartbed.cells.axes``) takes its factors from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from heartbed.applications.requests import Requests

WEB_SCRIPT = "/opt/heartbed/wsgi_app/wsgi.py"
"""Where every image has the WSGI script that its server runs. An application of its own puts its script there."""


@dataclass(frozen=True)
class Layer:
    """What an application adds to the image that has the libraries.

    ``dockerfile`` is given ``arguments`` and the image as ``APPLICATION_IMAGE``; ``inputs`` are files and folders of
    ``context`` that decide whether the layer is up to date. ``brings`` are the packages, by version, that a cell is
    asked to have for it, and ``lock`` is all that is installed, as pip's requirements.
    """

    dockerfile: Path
    inputs: tuple[Path, ...]
    arguments: Mapping[str, str]
    brings: Mapping[str, str]
    lock: str
    context: Path
    instead: str = ""
    """What to ask for where it does not work with the libraries that a cell names; empty where nothing is known."""


def _no_layer(factor: str, release: str) -> Layer | None:
    del factor, release
    return None


def _nothing_against(factor: str, release: str) -> str:
    del factor, release
    return ""


def _says_nothing(factor: str, release: str) -> bool | None:
    del factor, release
    return None


def _as_named(factor: str, release: str) -> str:
    del factor
    return release


def _on_any(factor: str, release: str) -> tuple[str, ...]:
    del factor, release
    return ()


def _lacks_nothing(token: str) -> str:
    del token
    return ""


@dataclass(frozen=True)
class Application:
    """An application that runs in cells.

    ``tokens`` maps each factor of the axis ``app`` that stands for it to its
    meaning. ``requests`` make it cast and call, and ask for pages that leave the
    broker alone. ``purposes`` are the connections that each process opens by
    these, one word each. ``script`` is the WSGI script that is mounted where a
    user's configuration expects one. ``process_mb`` is what a process may take
    at the most (MiB), ``start_deadline_s`` how long it may load (seconds).
    """

    tokens: Mapping[str, str]
    requests: Requests
    script: Path
    purposes: tuple[str, ...] = ("SEND", "LISTEN")
    pythons: Callable[[str, str], tuple[str, ...]] = _on_any
    """The Pythons that it is locked for, by factor and release, the first if none is named; none means any."""
    process_mb: int = 128
    start_deadline_s: float = 90.0
    layer: Callable[[str, str], Layer | None] = _no_layer
    """What it adds to the image, by factor and OpenStack release (empty: none was named); None for nothing."""
    refuses: Callable[[str, str], str] = _nothing_against
    """Why it cannot run as this factor in that release; empty where it can."""
    of_release: Callable[[str, str], str] = _as_named
    """The OpenStack release in whose nova it would behave so, by factor and the release that was named; empty where it
    has nothing of nova."""
    lacks: Callable[[str], str] = _lacks_nothing
    """Why something that looks like one of its factors is none; empty for what does not look like one."""
    patches: Callable[[str, str], bool | None] = _says_nothing
    """Whether it calls eventlet's monkey patching unless told otherwise; None where nothing is known of it."""
    as_nova: bool = True
    """Whether nova's variable tells it otherwise. Where not, its script patches first if the cell asks for it."""
