"""What git knows of a checkout: its commits, its tags, its own order of bisection."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbed.errors import InputError

DEADLINE_S = 60
SHORT = 7
"""Digits of a commit that names show."""

TAG = re.compile(r"v?(\d+(?:\.\d+)+)\Z")


@dataclass(frozen=True)
class Repository:
    """A checkout with its history. Raises ``InputError`` where git says no."""

    path: Path

    def commit(self, revision: str) -> str:
        """The commit that a revision names, in full."""
        asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        found = self._git(asked, may_fail=True).strip()
        if not found:
            raise InputError(
                f"{self.path} has no revision {revision!r}",
                hint="name a commit, a tag or a branch; a shallow clone has few: git fetch --unshallow",
            )
        return found

    def is_dirty(self) -> bool:
        """Whether the tree differs from its commit, in files that git knows or does not ignore."""
        return bool(self._git(["status", "--porcelain"]).strip())

    def version(self, commit: str) -> str:
        """The version of the last tag that is one; ``0.0.0`` where there is none."""
        tags = self._git(["tag", "--merged", commit, "--sort=-creatordate"]).split()
        found = next((match[1] for tag in tags if (match := TAG.match(tag))), None)
        return found or "0.0.0"

    def subject(self, commit: str) -> str:
        """The first line of its message."""
        return self._git(["log", "-1", "--format=%s", commit]).strip()

    def export(self, commit: str, target: Path) -> None:
        """Write the tree of a commit into a folder that is there."""
        command = ["git", "-C", str(self.path), "archive", "--format=tar", commit]
        with (
            subprocess.Popen(command, stdout=subprocess.PIPE, env=_environ()) as process,
            tarfile.open(fileobj=process.stdout, mode="r|") as tar,
        ):
            # Python 3.11 takes a filter from 3.11.4 on; before, the tree is unpacked as git packed it.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(target)  # noqa: S202  by that filter
        if process.returncode:
            raise InputError(f"{self.path}: git archive {commit[:SHORT]} ended with code {process.returncode}")

    def files(self) -> list[str]:
        """The files of the tree as it is: those that git knows, and new ones that it does not ignore."""
        listed = self._git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        return [name for name in listed.split("\0") if name and (self.path / name).is_file()]

    def suspects(self, bad: str, good: Sequence[str]) -> list[str]:
        """The commits that may be the first bad one, that which halves them best first: git's own order."""
        told = self._git(["rev-list", "--bisect-all", bad, *(f"^{each}" for each in good)])
        return [line.split()[0] for line in told.splitlines()]

    def in_order(self, commits: Sequence[str]) -> list[str]:
        """The same commits, the oldest first."""
        order = self._git(["rev-list", "--topo-order", "--reverse", *commits]).split()
        return [each for each in order if each in {*commits}]

    def count(self, early: str, late: str) -> int:
        """How many commits lie behind one of them and up to the other."""
        return int(self._git(["rev-list", "--count", f"{early}..{late}"]))

    def descends(self, later: str, earlier: str) -> bool:
        """Whether a commit has another among its ancestors."""
        done = self._run(["merge-base", "--is-ancestor", earlier, later])
        return done.returncode == 0

    def _git(self, arguments: Sequence[str], *, may_fail: bool = False) -> str:
        done = self._run(arguments)
        if done.returncode and not may_fail:
            said = done.stderr.strip().splitlines()
            raise InputError(f"{self.path}: git {arguments[0]}: {said[-1] if said else done.returncode}")
        return done.stdout

    def _run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(self.path), *arguments]
        return subprocess.run(command, env=_environ(), capture_output=True, text=True, check=False, timeout=DEADLINE_S)


def repository(path: Path) -> Repository | None:
    """The repository whose top a folder is; None where it is none, or there is no git."""
    if not (path / ".git").exists():
        return None
    try:
        subprocess.run(["git", "--version"], capture_output=True, check=True, timeout=DEADLINE_S)
    except (OSError, subprocess.SubprocessError):
        raise InputError(f"{path} is a git checkout, and there is no git on this machine") from None
    return Repository(path.resolve())


def _environ() -> dict[str, str]:
    """The environment without what would have git look at another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"LC_ALL": "C"}
