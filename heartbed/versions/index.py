"""What the index of Python packages knows: which releases there are, and the hash of one.

Asked through pip, which knows the mirrors, proxies and certificates of this
machine. Answers are kept between runs: the list of releases for a
day, a hash for ever.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from heartbed.errors import InputError, TestbedError
from heartbed.places import STATE
from heartbed.versions.pythons import PYTHON, PYTHONS
from heartbed.versions.releases import number

FOLDER = STATE / "index"
FRESH_S = 24 * 3600
DEADLINE_S = 90
SILENT_INDEX = re.compile(r"Retrying|ConnectionError|NewConnectionError|ReadTimeout|name resolution|SSLError|timed out")
OTHER_PYTHON = re.compile(r"(\S+) Requires-Python (\S+)")


class IndexSilentError(TestbedError):
    """The index of Python packages does not answer."""


@dataclass(frozen=True)
class Pin:
    """One release of a package. ``sha256`` is empty where it is built from source.

    ``other`` is that of the wheel for another kind of machine.
    """

    package: str
    version: str
    sha256: str = ""
    other: str = ""

    @property
    def line(self) -> str:
        """As a line of pip's requirements."""
        hashes = (f" --hash=sha256:{each}" for each in (self.sha256, self.other) if each)
        return f"{self.package}=={self.version}{''.join(hashes)}"


def _pip(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]
    # pip trusts what the system trusts; only a bundle that is named for Heartbed alone must be handed on.
    bundle = os.environ.get("HEARTBED_CA_BUNDLE")
    environ = {**os.environ, "PIP_CERT": bundle} if bundle else dict(os.environ)
    try:
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise IndexSilentError(
            f"the index of Python packages did not answer within {DEADLINE_S} s",
            hint="the releases tested here need no index: heartbed versions lists them",
        ) from None


def wheels_for(python: str) -> list[str]:
    """Pip's options for what the images with this Python run on, whatever this machine does."""
    return ["--only-binary", ":all:", "--python-version", python]


@dataclass(frozen=True)
class Index:
    """The index of Python packages. ``pip`` runs pip with arguments; ``python`` is that of the images asked for."""

    folder: Path = FOLDER
    pip: Callable[[Sequence[str]], subprocess.CompletedProcess[str]] = _pip
    python: str = PYTHON

    def released(self, package: str) -> list[str]:
        """All final releases that there are, the oldest first. Raises ``IndexSilentError``."""
        return self._listed(package, [], "")

    def runnable(self, package: str) -> list[str]:
        """Those of them that there is a wheel of for this Python. Raises ``IndexSilentError``."""
        return self._listed(package, wheels_for(self.python), f"-python{self.python}")

    def _listed(self, package: str, options: Sequence[str], which: str) -> list[str]:
        file = self.folder / f"{package}{which}.json"
        kept = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
        if kept is not None and time.time() - kept["t"] < FRESH_S:
            return [str(version) for version in kept["versions"]]
        done = self.pip(["index", "versions", package, "--json", *options])
        if done.returncode:
            if kept is not None:
                return [str(version) for version in kept["versions"]]
            raise _silent(package, done.stderr)
        found = [each for each in json.loads(done.stdout)["versions"] if re.fullmatch(r"\d+(\.\d+)*", each)]
        versions = sorted(found, key=number)
        self._keep(file, json.dumps({"t": time.time(), "versions": versions}))
        return versions

    def pin(self, package: str, version: str) -> Pin:
        """One release with the hash of its wheel.

        Raises ``InputError`` for a release that does not exist or cannot be
        installed on the image's Python, ``IndexSilentError`` when nobody answers.
        """
        which = "" if self.python == PYTHON else f"-python{self.python}"
        file = self.folder / f"{package}-{version}{which}.sha256"
        if file.is_file():
            return Pin(package, version, file.read_text(encoding="utf-8").strip())
        sha256 = self.hash(package, version)
        self._keep(file, sha256 + "\n")
        return Pin(package, version, sha256)

    def hash(self, package: str, version: str, tags: Sequence[str] = ()) -> str:
        """The sha256 of the wheel for this machine, or for platforms with these tags. Raises as ``pin`` does."""
        arguments = ["install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", "--report", "-"]
        arguments += [*wheels_for(self.python), "--target", "nowhere"]
        arguments += [f"--platform={tag}" for tag in tags]
        done = self.pip([*arguments, f"{package}=={version}"])
        if done.returncode:
            raise self._refused(package, version, done.stderr)
        (found,) = json.loads(done.stdout)["install"]
        if found["metadata"]["version"] != version:  # pip takes 14.3 for 14.3.0
            raise unknown(package, version, self.released(package))
        return str(found["download_info"]["archive_info"]["hashes"]["sha256"])

    def source(self, package: str, version: str) -> Pin:
        """One release that is built from source. Raises as ``pin`` does, save that nothing says yet if it builds."""
        if version not in self.released(package):
            raise unknown(package, version, self.released(package))
        return Pin(package, version)

    def _refused(self, package: str, version: str, stderr: str) -> InputError | TestbedError:
        for name, python in OTHER_PYTHON.findall(stderr):
            if name.strip(";") == version:
                return self._for_another(package, version, python)
        if SILENT_INDEX.search(stderr) or "from versions: none" in stderr:
            return _silent(package, stderr)
        released = self.released(package)
        if version in released:
            return InputError(f"{package} {version} cannot be installed on Python {self.python}: {shortened(stderr)}")
        return unknown(package, version, released)

    def _for_another(self, package: str, version: str, needs: str) -> InputError:
        """The error for a release that wants another Python, with the nearest that does not, and the others here."""
        able = self.runnable(package)
        before = [each for each in able if number(each) < number(version)]
        hints = [f"{(before or able)[-1 if before else 0]} is the nearest that runs on it"] if able else []
        others = [each for each in PYTHONS if each != self.python and version in self._on(each).runnable(package)]
        hints += [f"{package} {version} runs on {' and '.join(f'python{each}' for each in others)}"] if others else []
        return InputError(
            f"{package} {version} needs Python {needs}; this image has {self.python}", hint="; ".join(hints)
        )

    def _on(self, python: str) -> Index:
        return replace(self, python=python)

    def _keep(self, file: Path, text: str) -> None:
        part = file.with_name(f"{file.name}.{os.getpid()}.part")
        with contextlib.suppress(OSError):  # what cannot be kept is asked for again
            self.folder.mkdir(parents=True, exist_ok=True)
            part.write_text(text, encoding="utf-8")
            part.replace(file)


def unknown(package: str, version: str, released: Sequence[str]) -> InputError:
    """The error for a release that does not exist, with those that are nearest to it."""
    return InputError(
        f"there is no {package} {version}",
        hint=f"the nearest releases: {', '.join(nearest(version, released))}; the newest is {released[-1]}",
    )


def nearest(version: str, released: Sequence[str]) -> list[str]:
    """The releases before and after, and those that are written most like it, in order."""
    wanted = number(version)
    before = [each for each in released if number(each) < wanted][-2:]
    after = [each for each in released if number(each) > wanted][:2]
    alike = difflib.get_close_matches(version, released, n=1, cutoff=0.8)
    return sorted({*before, *after, *alike}, key=number)


def shortened(stderr: str) -> str:
    """What pip says is wrong, without the list of everything that there is."""
    errors = [line.removeprefix("ERROR: ") for line in stderr.splitlines() if line.startswith("ERROR: ")]
    text = "; ".join(errors) or stderr.strip().rpartition("\n")[2]
    return re.sub(r" \(from versions: [^)]*\)", "", text)[:200]


def _silent(package: str, stderr: str) -> IndexSilentError:
    return IndexSilentError(
        f"the index of Python packages does not answer when asked for {package}",
        log=stderr.strip().splitlines()[-3:],
        hint="try again later; the releases tested here need no index: heartbed versions lists them",
    )
