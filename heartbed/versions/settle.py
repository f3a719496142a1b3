"""Finds out what can be run for each OpenStack release, and writes it into ``releases.toml``: for maintainers.

    python -m heartbed.versions.settle            # all releases on all Pythons
    python -m heartbed.versions.settle train 3.9  # one, on one

Starts from the release's own versions. As long as the set does not work in the
image of the default versions on that Python (``images/apache/works.py`` says what
that means), the library that it fails in gives way to its next newer release.
Needs those images, and the index of packages. Then the wheels of all sets are
written into the lock file of each Python with their hashes.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import zipfile
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from heartbed.errors import InputError
from heartbed.places import ROOT
from heartbed.versions.index import FOLDER, Index, Pin, wheels_for
from heartbed.versions.locks import releases_file
from heartbed.versions.pythons import PYTHON, PYTHONS
from heartbed.versions.releases import FILE, RELEASES, Fit, Release, StandIn, number, written

WHEELS = FOLDER / "wheels"
WORKS = "works.py"
"""In the folder of the image that has the application: says whether a set works."""

VERSION = "17.3.2"
"""The oslo.messaging in the image of the default versions."""

MODELS = ("eventlet", "native")
BESIDE = {
    "babel": ("babel", "2.16.0"),
    "pytz": ("pytz", "2025.2"),
    "pkg_resources": ("setuptools", "80.9.0"),
    "monotonic": ("monotonic", "1.6"),
}
"""Module -> the wheel that has it, for what old releases import and the image has not."""

METADATA = {"importlib-metadata": "4.13.0", "zipp": "3.20.2"}
OLD_METADATA = re.compile(r"'EntryPoints?' object (has no attribute|is not subscriptable)")
WITH_METADATA = (3, 10)
"""Before this Python libraries had entry points from a package of that name, of which setuptools has a newer one."""

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

    @property
    def python(self) -> str:
        """The Python of the container."""
        return self.index.python

    def lay_out(self, package: str, version: str) -> bool:
        """Whether there is a wheel for the container's Python; unpacks it."""
        wheels = folder_of(self.python)
        folder = wheels / f"{package}-{version}"
        if not folder.is_dir():
            got = wheels / "got" / f"{package}-{version}"
            platform = wheels_for(self.python)
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

    def next(self, package: str, version: str, lacks: str = "does not work") -> str:
        """The next newer release that has a wheel. Raises ``UnsettledError``."""
        newer = (each for each in self.index.runnable(package) if number(each) > number(version))
        found = next((each for each in newer if self.lay_out(package, each)), None)
        if found is None:
            raise UnsettledError(f"{package} {lacks} in {version}, nor in any newer release")
        return found

    def settle(self, release: Release) -> Fit:
        """What can be run for the release on this Python, or why nothing can."""
        try:
            return self._settle(release)
        except UnsettledError as error:
            return Fit(lacks=str(error))

    def _settle(self, release: Release) -> Fit:
        runs = dict(release.own)
        why: dict[str, str] = {}
        beside: dict[str, str] = {}
        for package, version in release.own.items():
            if not self.lay_out(package, version):
                why[package] = f"no wheel for Python {self.python}"
                runs[package] = self.next(package, version, "has no wheel")
        while traceback := self.failure(runs | beside):
            package = culprit(traceback, runs)
            if wanted := self._wanted(traceback.splitlines()[-1], beside):
                for each in wanted.items():
                    self.lay_out(*each)
                beside |= wanted
                continue
            why.setdefault(package, reason(traceback))
            print(f"  {package} {runs[package]}: {reason(traceback)}", flush=True)
            runs[package] = self.next(package, runs[package])
        instead = {name: StandIn(runs[name], why[name]) for name in runs if runs[name] != release.own[name]}
        return Fit(instead, beside)

    def _wanted(self, error: str, beside: Collection[str]) -> dict[str, str]:
        """What the image has not, and this error asks for."""
        found = {}
        if (missing := MISSING.search(error)) and missing[1] in BESIDE:
            found = dict([BESIDE[missing[1]]])
        elif OLD_METADATA.search(error) and number(self.python) < WITH_METADATA:
            found = METADATA
        return {package: version for package, version in found.items() if package not in beside}


def folder_of(python: str) -> Path:
    """Where the wheels for a Python are laid out."""
    return WHEELS if python == PYTHON else WHEELS / f"python{python}"


def image_of(python: str) -> str:
    """The tag of the image of the default versions on a Python."""
    usual = PYTHONS[python].usual.get("oslo.messaging", VERSION)
    return f"oslo{usual}" if python == PYTHON else f"oslo{usual}-python{python}"


@contextmanager
def trials(python: str) -> Iterator[Trials]:
    """A room for trials with the application of this checkout, removed in the end."""
    wheels = folder_of(python)
    wheels.mkdir(parents=True, exist_ok=True)
    folder = next(ROOT.glob(f"images/*/{WORKS}")).parent
    binds = {wheels: "/candidates", ROOT / "wsgi_app": "/opt/heartbed/wsgi_app", folder: "/image"}
    command = ["docker", "run", "--detach", "--rm", "--label", "heartbed=1", "--network", "none"]
    # Hides the image's oslo.messaging, so that its entry points are not there twice.
    command += ["--tmpfs", "/opt/heartbed/versions"]
    for source, target in binds.items():
        command += ["--volume", f"{source}:{target}:ro"]
    done = subprocess.run(
        [*command, f"heartbed-{folder.name}:{image_of(python)}", "sleep", "infinity"],
        capture_output=True,
        text=True,
        check=True,
    )
    try:
        yield Trials(done.stdout.strip(), Index(python=python))
    finally:
        subprocess.run(["docker", "rm", "--force", done.stdout.strip()], capture_output=True, check=False)


def locked(releases: Sequence[Release], index: Index) -> str:
    """The lock file of a Python: each wheel of each set once, with its hash, or with one for each machine."""

    def pin(item: tuple[str, str]) -> Pin:
        if item[0] in COMPILED:
            return Pin(*item, *_for_each_machine(index, *item))
        got = next((folder_of(index.python) / "got" / "-".join(item)).glob("*-none-any.whl"), None)
        return Pin(*item, hashlib.sha256(got.read_bytes()).hexdigest()) if got else index.pin(*item)

    runs = [release.runs(index.python) for release in releases if not release.on[index.python].lacks]
    with ThreadPoolExecutor(max_workers=4) as pool:
        pins = list(pool.map(pin, sorted({each for versions in runs for each in versions.items()})))
    head = "# The wheels of the OpenStack releases. Written by python -m heartbed.versions.settle: do not edit.\n"
    return head + "".join(f"{pin.line}\n" for pin in pins)


def _for_each_machine(index: Index, package: str, version: str) -> Iterator[str]:
    """A hash for each machine that there is a wheel for; the first must be there, the others are younger."""
    for tags in MACHINES:
        try:
            yield index.hash(package, version, tags)
        except InputError:
            if tags is MACHINES[0]:
                raise


def main(asked: Sequence[str]) -> None:
    """Settle the named releases on the named Pythons, or all, and write all files."""
    releases = dict(RELEASES)
    for python in [each for each in PYTHONS if each in asked] or PYTHONS:
        with trials(python) as trial:
            for name in [each for each in RELEASES if each in asked] or RELEASES:
                print(f"{name} on Python {python}", flush=True)
                fits = {**releases[name].on, python: trial.settle(releases[name])}
                releases[name] = replace(releases[name], on={each: fits[each] for each in PYTHONS if each in fits})
                FILE.write_text(written(list(releases.values())), encoding="utf-8")
            releases_file(python).write_text(locked(list(releases.values()), trial.index), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
