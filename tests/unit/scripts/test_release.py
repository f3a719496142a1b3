"""What may become a release, and what the release workflow does about it."""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from heartbed import __version__
from heartbed.places import ROOT

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def notes(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    """What the script says of a version, with the changelog that is in the folder."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "release-notes", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    command = [str(folder / "scripts" / "release-notes"), version]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)


def test_the_program_has_the_version_of_the_project() -> None:
    assert __version__ == VERSION


def test_the_changelog_begins_with_the_version_of_the_project() -> None:
    first = next(line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## "))
    assert first.startswith(f"## {VERSION}, ")


def test_the_notes_of_a_release_are_its_section_of_the_changelog(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## {VERSION}, 2026-01-31\n\n- New.\n\n## 0.0.1, 2025-01-31\n\n- Old.\n"
    )
    done = notes(tmp_path, VERSION)
    assert (done.returncode, done.stdout.strip()) == (0, "- New.")


@pytest.mark.parametrize(
    ("title", "version", "wrong"),
    [
        (f"{VERSION}, not yet released", VERSION, "no date"),
        ("0.0.1, 2025-01-31", VERSION, "no section"),
        ("9.9.9, 2026-01-31", "9.9.9", f"pyproject.toml has version {VERSION}"),
    ],
)
def test_what_is_not_ready_is_refused(tmp_path: Path, title: str, version: str, wrong: str) -> None:
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {title}\n\n- Something.\n")
    done = notes(tmp_path, version)
    assert done.returncode == 2
    assert wrong in done.stderr


def test_only_a_tag_is_published_and_without_a_token() -> None:
    text = (ROOT / ".github" / "workflows" / "release.yaml").read_text()
    publish = yaml.safe_load(text)["jobs"]["publish"]
    assert publish["if"] == "startsWith(github.ref, 'refs/tags/')"
    assert publish["permissions"] == {"id-token": "write"}
    assert "secrets." not in text
