"""What is installed for an application of a user's own, for the Python of its image."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from heartbed.candidates.packages import brought, install
from heartbed.errors import InputError


def wheel(folder: Path, name: str, *requires: str) -> None:
    """A wheel of one module."""
    told = f"{name}-1.0.dist-info"
    metadata = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *requires, ""])
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{told}/METADATA", metadata)
        archive.writestr(
            f"{told}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{told}/RECORD", "")


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(f"--no-index\n--find-links {tmp_path}\nlibrary\n")
    return path


@pytest.mark.parametrize(("version", "beside"), [("3.9", "former"), ("3.13", "later")])
def test_what_is_required_on_some_pythons_only_is_that_of_the_image(
    requirements: Path, tmp_path: Path, version: str, beside: str
) -> None:
    wheel(tmp_path, "former")
    wheel(tmp_path, "later")
    needs = ('Requires-Dist: former; python_version < "3.10"', 'Requires-Dist: later; python_version >= "3.13"')
    wheel(tmp_path, "library", *needs)
    assert brought(install(requirements, tmp_path / "packages", version)) == {"library": "1.0", beside: "1.0"}


def test_pips_own_words_are_told_where_it_fails(requirements: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="could not be installed") as caught:
        install(requirements, tmp_path / "packages", "3.13")
    assert any("No matching distribution" in line for line in caught.value.log)
