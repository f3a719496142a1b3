"""A user's own application: its script, what it needs, and the requests by which it is made to use the broker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from heartbed.applications.requests import READY, HttpRequest, Requests
from heartbed.candidates import inside

OWN = "/opt/heartbed/own"
PACKAGES = "/opt/heartbed/own-packages"
CONFIG = "/opt/heartbed/own-config"
PREPARE = "/opt/heartbed/own-prepare"
START = "/opt/heartbed/own-start"
DATA = "/run/heartbed/own"
"""A folder of the application's own in each cell, which it may write to."""

FRONT = Path(inside.__file__).with_name("own_app.py")
STARTER = Path(inside.__file__).with_name("own_start.sh")

OPENING = HttpRequest()
"""The request that is taken to make an application use the broker where the user names none."""

OSLO = "oslo.messaging"


@dataclass(frozen=True)
class OwnApplication:
    """A user's own WSGI application.

    ``opening`` and ``calling`` are the requests that make it use the broker,
    sent where Heartbed's own would be asked for a cast and a call; ``page`` is
    one that leaves the broker alone. ``folder`` is what is mounted in the
    place of the script's own folder, ``packages`` what was installed for it,
    and ``brings`` the packages found there. ``mentions`` are those of ``Mark``'s
    texts that stand in its sources: what is not mentioned cannot act on it.
    """

    script: Path
    opening: HttpRequest = OPENING
    calling: HttpRequest | None = None
    page: HttpRequest | None = None
    environment: tuple[tuple[str, str], ...] = ()
    config_dir: Path | None = None
    prepare: Path | None = None
    folder: Path | None = None
    packages: Path | None = None
    brings: tuple[tuple[str, str], ...] = ()
    mentions: frozenset[str] = frozenset()

    @property
    def requests(self) -> Requests:
        """What it is asked for; the pages that nobody names are those of the front that runs it."""
        ready = HttpRequest(path=READY)
        return Requests(cast=self.opening, call=self.calling or self.opening, ready=ready, page=self.page or ready)

    @property
    def mounts(self) -> list[tuple[Path, str]]:
        """What of this machine the application sees, and where."""
        found = [(self.folder or self.script.resolve().parent, OWN), (STARTER, START)]
        optional = ((self.packages, PACKAGES), (self.config_dir, CONFIG), (self.prepare, PREPARE))
        return found + [(path.resolve(), target) for path, target in optional if path]

    @property
    def variables(self) -> dict[str, str]:
        """What its front, and what prepares it, are told by the environment; then the user's own variables."""
        found = {"HEARTBED_APP": f"{OWN}/{self.script.name}", "HEARTBED_APP_DATA": DATA}
        if self.packages:
            found["HEARTBED_APP_PACKAGES"] = PACKAGES
        if self.config_dir:
            found["HEARTBED_APP_CONFIG"] = CONFIG
        if self.prepare:
            found["HEARTBED_APP_PREPARE"] = PREPARE
            found["HEARTBED_APP_PREPARE_WITH"] = "python3" if self.prepare.suffix == ".py" else "sh"
        return {**dict(self.environment), **found}

    def version(self, package: str) -> str | None:
        """The version of a package that it brings; None where it brings none."""
        return dict(self.brings).get(package)


def filled(values: Mapping[str, str], broker_url: str, amqp_url: str) -> dict[str, str]:
    """Variables with what is only known when a run begins: the two URLs, ``{config_dir}`` and ``{data_dir}``."""
    places = {"{broker_url}": broker_url, "{amqp_url}": amqp_url, "{config_dir}": CONFIG, "{data_dir}": DATA}
    found = {}
    for name, value in values.items():
        for mark, place in places.items():
            value = value.replace(mark, place)  # noqa: PLW2901  one after the other
        found[name] = value
    return found
