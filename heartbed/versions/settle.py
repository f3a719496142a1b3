"""Finds out what can be run for each OpenStack release, and writes it into ``releases.toml``: for maintainers.

    python -m heartbed.versions.settle            # all releases
    python -m heartbed.versions.settle train      # one

Starts from the release's own versions. As long as the set does not work in the
image of the default versions (``images/apache/works.py`` says what that
means), the library that it fails in gives way to its next newer release.
Needs that image, and the index of packages. Then the wheels of all sets are
written into the lock file with their hashes.
"""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from heartbed.places import ROOT
from heartbed.versions.index import FOLDER, PLATFORM, Index, Pin
from heartbed.versions.locks import RELEASES_FILE
from heartbed.versions.releases import FILE, PYTHON, RELEASES, Release, StandIn, number, written

WHEELS = FOLDER / "wheels"
WORKS = "works.py"
"""In the folder of the image that has the application: says whether a set works."""

VERSION = "oslo17.3.2"
"""The image of the default versions."""

MODELS = ("eventlet", "native")
BESIDE = {"pytz": ("pytz", "2025.2"), "pkg_resources": ("setuptools", "80.9.0"), "monotonic": ("monotonic", "1.6")}
"""Module -> the wheel that has it, for what old releases import and the image has not."""

COMPILED = ("greenlet",)
MACHINES = tuple(
    tuple(f"manylinux{glibc}_{machine}" for glibc in ("_2_28", "_2_24", "_2_17", "2014"))
    for machine in ("x86_64", "aarch64")
)
"""The tags of wheels that run on the images, for each machine that Heartbed is used on."""

FRAME = re.compile(r'File "/candidates/([\w.-]+?)-(\d[\d.]*)/')
MISSING = re.compile(r"No module named '(\w+)")
LONGEST_REASON = 90

PIPE_MUTEX = "'PipeMutex'"
"""The lock that oslo.log puts into Python's logging, whose frames are all that is seen when it fails."""


def culprit(traceback: str, packages: Collection[str]) -> str:
    """The library that a traceback is laid to: the last one with a frame in it."""
    if PIPE_MUTEX in traceback.splitlines()[-1]:
        return "oslo.log"
    found = [package for package, _ in FRAME.findall(traceback) if package in packages]
    # A failure outside of all candidates is in Python itself, which eventlet has patched.
    return found[-1] if found else "eventlet"


def reason(traceback: str) -> str:
    """The message of the error, without its class and without paths: ``No module named 'imp'``."""
    last = traceback.splitlines()[-1]
    message = last.partition(": ")[2] or last
    return re.sub(r" \(/.*", "", message)[:LONGEST_REASON]


class UnsettledError(Exception):
    """No newer release of a library makes the set work."""


@dataclass
class Trials:
    """A container in which sets are tried, and the wheels that are laid out for it."""

    container: str
    index: Index = field(default_factory=Index)

    def lay_out(self, package: str, version: str) -> bool:
        """Whether there is a wheel for the images' Python; unpacks it."""
        folder = WHEELS / f"{package}-{version}"
        if not folder.is_dir():
            got = WHEELS / "got" / f"{package}-{version}"
            platform = PLATFORM[: PLATFORM.index("--target")]
            asked = ["download", "--quiet", "--no-deps", *platform, "--dest", str(got), f"{package}=={version}"]
            if self.index.pip(asked).returncode:
                return False
            with zipfile.ZipFile(next(got.glob("*.whl"))) as wheel:
                wheel.extractall(folder)
        return True

    def failure(self, versions: dict[str, str]) -> str:
        """The traceback of a set that does not work; empty where it works under both execution models."""
        folders = [f"/candidates/{package}-{version}" for package, version in versions.items()]
        for model in MODELS:
            command = ["docker", "exec", self.container, "python3", "-W", "ignore", f"/image/{WORKS}", model, *folders]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                return done.stderr.strip() or f"RuntimeError: it hangs ({done.returncode})"
        return ""

    def next(self, package: str, version: str) -> str:
        """The next newer release that has a wheel. Raises ``UnsettledError``."""
        newer = (each for each in self.index.released(package) if number(each) > number(version))
        found = next((each for each in newer if self.lay_out(package, each)), None)
        if found is None:
            raise UnsettledError(f"nothing newer than {package} {version}")
        return found

    def settle(self, release: Release) -> Release:
        """The release with what can be run for it."""
        runs = dict(release.own)
        why: dict[str, str] = {}
        beside: dict[str, str] = {}
        for package, version in release.own.items():
            if not self.lay_out(package, version):
                why[package] = f"no wheel for Python {PYTHON}"
                runs[package] = self.next(package, version)
        while traceback := self.failure(runs | beside):
            package = culprit(traceback, runs)
            missing = MISSING.search(traceback.splitlines()[-1])
            if missing and missing[1] in BESIDE and BESIDE[missing[1]][0] not in beside:
                name, version = BESIDE[missing[1]]
                self.lay_out(name, version)
                beside[name] = version
                continue
            why.setdefault(package, reason(traceback))
            print(f"  {package} {runs[package]}: {reason(traceback)}", flush=True)
            runs[package] = self.next(package, runs[package])
        instead = {name: StandIn(runs[name], why[name]) for name in runs if runs[name] != release.own[name]}
        return replace(release, instead=instead, beside=beside)


@contextmanager
def trials() -> Iterator[Trials]:
    """A room for trials with the application of this checkout, removed in the end."""
    WHEELS.mkdir(parents=True, exist_ok=True)
    folder = next(ROOT.glob(f"images/*/{WORKS}")).parent
    binds = {WHEELS: "/candidates", ROOT / "wsgi_app": "/opt/heartbed/wsgi_app", folder: "/image"}
    command = ["docker", "run", "--detach", "--rm", "--label", "heartbed=1", "--network", "none"]
    # Hides the image's oslo.messaging, so that its entry points are not there twice.
    command += ["--tmpfs", "/opt/heartbed/versions"]
    for source, target in binds.items():
        command += ["--volume", f"{source}:{target}:ro"]
    done = subprocess.run(
        [*command, f"heartbed-{folder.name}:{VERSION}", "sleep", "infinity"], capture_output=True, text=True, check=True
    )
    try:
        yield Trials(done.stdout.strip())
    finally:
        subprocess.run(["docker", "rm", "--force", done.stdout.strip()], capture_output=True, check=False)


def locked(releases: Sequence[Release], index: Index) -> str:
    """The lock file: each wheel of each set once, with its hash, or with one for each machine."""

    def pin(item: tuple[str, str]) -> Pin:
        if item[0] in COMPILED:
            return Pin(*item, *(index.hash(*item, tags) for tags in MACHINES))
        return index.pin(*item)

    with ThreadPoolExecutor(max_workers=4) as pool:
        pins = list(pool.map(pin, sorted({each for release in releases for each in release.runs.items()})))
    head = "# The wheels of the OpenStack releases. Written by python -m heartbed.versions.settle: do not edit.\n"
    return head + "".join(f"{pin.line}\n" for pin in pins)


def main(names: Sequence[str]) -> None:
    """Settle the named releases, or all, and write both files."""
    releases = dict(RELEASES)
    with trials() as trial:
        for name in names or releases:
            print(name, flush=True)
            releases[name] = trial.settle(releases[name])
            FILE.write_text(written(list(releases.values())), encoding="utf-8")
        RELEASES_FILE.write_text(locked(list(releases.values()), trial.index), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
