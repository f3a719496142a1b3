"""The real nova-api: which of it a factor stands for, its image layer, its requests."""

from __future__ import annotations

import json
import re

from heartbed.applications.application import Application, Layer
from heartbed.applications.nova.series import FOLDER, SERIES, Series
from heartbed.applications.requests import READY, HttpRequest, Requests
from heartbed.versions.pythons import PYTHON

NAME = "nova"
IMAGE = FOLDER / "image"

PROCESS_MB = 256
"""Measured 147 to 167 MiB a process; while it loads, some more."""

LOADS_S = 300.0
"""Measured 6 to 36 s with two at a time on 2 cores; many at a time take turns."""

LIKE_A_FACTOR = re.compile(r"nova(\d+)(?:\.\d+)*")

REQUESTS = Requests(
    # Tells every scheduler, which casts on the transport of the API itself. Aggregate 1 is made with the image.
    cast=HttpRequest(
        "PUT",
        "/v2.1/os-aggregates/1",
        (("Content-Type", "application/json"),),
        json.dumps({"aggregate": {"name": "heartbed"}}).encode(),
    ),
    # Asks nova-compute and waits for its answer, on the transport of the cell that the host is mapped to.
    call=HttpRequest(path="/v2.1/os-hosts/compute/reboot"),
    ready=HttpRequest(path=READY),
    yields=HttpRequest(path="/v2.1/servers"),
)


def series_of(factor: str, release: str) -> Series | None:
    """The series that a factor stands for: of ``nova`` that of the release, or the newest; None where there is none."""
    if factor != NAME:
        return next(each for each in SERIES.values() if each.factor == factor)
    if not release:
        return max(SERIES.values(), key=_age)
    return next((each for each in SERIES.values() if each.release == release), None)


def layer(factor: str, release: str) -> Layer | None:
    """Nova and what it needs, over the image that has the libraries."""
    series = series_of(factor, release)
    if series is None:
        raise ValueError(refuses(factor, release))
    return Layer(
        IMAGE / "Dockerfile",
        (IMAGE, series.lock),
        {"LOCK": series.lock.name, "NOVA": series.version, "ENTRY": series.entry, "SOURCE": " ".join(series.source)},
        {NAME: series.version},
        series.lock.read_text(encoding="utf-8"),
        "" if release == series.release else _fits(series),
    )


def _fits(series: Series) -> str:
    """Which libraries it was made for."""
    whole = f"{NAME}-{series.release}"
    return f"{series.factor} is part of {series.release}: {whole} in a cell's name has its own libraries"


def refuses(factor: str, release: str) -> str:
    """Why there is no nova for this release."""
    if series_of(factor, release) is not None:
        return ""
    return f"{_cannot(release)}; {_runs()}"


def of_release(factor: str, release: str) -> str:
    """The release that this nova is part of, whatever the release of its libraries."""
    series = series_of(factor, release)
    return series.release if series else release


def lacks(token: str) -> str:
    """Why there is no such version of nova here."""
    found = LIKE_A_FACTOR.fullmatch(token)
    if found is None:
        return ""
    if found[1] in SERIES:
        return f"{token}: of nova {found[1]} there is {SERIES[found[1]].version} here, as {SERIES[found[1]].factor}"
    return f"{token}: there is no nova {found[1]} for the images' Python {PYTHON} here; {_runs(int(found[1]))}"


def _age(series: Series) -> int:
    return int(series.name)


def _cannot(release: str) -> str:
    return f"there is no nova of {release} for the images' Python {PYTHON} here"


def _runs(wanted: int = 0) -> str:
    """What does run, the nearest first."""
    oldest, newest = min(SERIES.values(), key=_age), max(SERIES.values(), key=_age)
    nearest = newest if wanted > int(newest.name) else oldest
    return f"the nearest is {nearest.factor} ({nearest.release}); all: {', '.join(_factors())}"


def _factors() -> list[str]:
    return [each.factor for each in SERIES.values()]


def patches(factor: str, release: str) -> bool | None:
    """Whether this nova patches where its environment does not say."""
    series = series_of(factor, release)
    return None if series is None else series.patches


APPLICATION = Application(
    tokens={
        NAME: "the real nova-api: of the OpenStack release that is named, else the newest",
        **{each.factor: f"the real nova-api {each.version}, of {each.release}" for each in SERIES.values()},
    },
    requests=REQUESTS,
    script=IMAGE / "wsgi.py",
    purposes=("SEND", "SEND", "LISTEN"),
    pythons=(PYTHON,),
    process_mb=PROCESS_MB,
    start_deadline_s=LOADS_S,
    layer=layer,
    refuses=refuses,
    of_release=of_release,
    lacks=lacks,
    patches=patches,
)
