"""Requirements of a user's application: nothing of them is run on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates.requirements import refuse_builds
from heartbed.errors import InputError


def written(folder: Path, text: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "line",
    [
        *("flask", "oslo.messaging==17.3.2", "kombu[redis]>=5,<6", "pika ~= 1.3 ; python_version > '3'", "a (>=1)"),
        *("six==1.17.0 --hash=sha256:00 \\\n  --hash=sha256:11", "# a comment", "flask  # the framework", ""),
        *("--index-url https://pypi.example/simple", "-i https://pypi.example/simple", "--pre", "--only-binary :all:"),
        *("./wheels/mine-1.0-py3-none-any.whl", "mine @ https://example.org/mine-1.0-py3-none-any.whl#sha256=00"),
    ],
)
def test_releases_and_wheels_are_installed(tmp_path: Path, line: str) -> None:
    refuse_builds(written(tmp_path, f"{line}\n"))


@pytest.mark.parametrize(
    "line",
    [
        *(
            ".",
            "./mine",
            "../mine",
            "/srv/mine",
            "mine/",
            "file:///srv/mine",
            "mine.zip",
            "mine-1.0.tar.gz",
            "a.tgz[x]",
        ),
        *("git+https://example.org/mine", "mine @ git+ssh://example.org/mine", "mine@https://example.org/mine.tar.gz"),
        *("${MINE}", "https://example.org/mine.zip", "mine \\\n @ git+https://example.org/mine", "./a.whl/../mine"),
    ],
)
def test_what_would_have_to_be_built_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match="would have to be built"):
        refuse_builds(written(tmp_path, f"flask\n{line}\n"))


@pytest.mark.parametrize(
    "line",
    [
        *("-e .", "--editable ./mine", "--edit=.", "-e git+https://example.org/mine", "--no-binary :all:"),
        *("--no-bin=six", "--pre --no-binary :all:", "six==1 --no-binary=six", "-r more.txt --no-binary :all:"),
    ],
)
def test_options_that_have_something_built_are_refused_also_when_abbreviated(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match="nothing may be built"):
        refuse_builds(written(tmp_path, f"flask\n{line}\n"))


def test_included_files_are_read_too_and_once(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("-r requirements.txt\n-c limits.txt\n")
    (tmp_path / "limits.txt").write_text("./mine\n")
    with pytest.raises(InputError, match=r"limits\.txt: './mine'"):
        refuse_builds(written(tmp_path, "-r more.txt\n"))


@pytest.mark.parametrize("line", ["-r none.txt", "--requirement=https://example.org/requirements.txt"])
def test_included_file_that_is_not_here_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputError, match="is not a file"):
        refuse_builds(written(tmp_path, line))
