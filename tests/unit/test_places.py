"""Where things are, and how they are called where the user stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed import places
from heartbed.candidates.source import shown_path


def test_a_path_is_called_as_it_would_be_typed_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.short(tmp_path / "runs" / "one") == "runs/one"
    assert places.short(Path("/proc")) == "/proc"


def test_where_the_folder_is_gone_in_which_one_stands_paths_still_have_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    monkeypatch.setenv("PWD", str(gone))
    gone.rmdir()
    assert places.here() == gone
    assert places.short(tmp_path / "report.html") == shown_path(tmp_path / "report.html") == f"{tmp_path}/report.html"
