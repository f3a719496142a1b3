"""A run's folder: its name, its lock, and how it is found again."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from heartbed.errors import InputError, TestbedError
from heartbed.files import save
from heartbed.record import folder as runfolder
from heartbed.record.event import FILE_NAME
from heartbed.testbed import cleanup


def made(runs: Path) -> Path:
    """A run that has a record."""
    folder = runfolder.prepare(runs)
    folder.become_latest()
    (folder.path / FILE_NAME).touch()
    return folder.path


@pytest.fixture
def second(monkeypatch: pytest.MonkeyPatch) -> str:
    """Time stands still."""
    monkeypatch.setattr(time, "strftime", lambda _: "20260102-030405")
    return "20260102-030405"


def test_a_run_is_named_after_the_time_and_is_the_latest(tmp_path: Path, second: str) -> None:
    folder = runfolder.prepare(tmp_path / "deep" / "runs")
    folder.become_latest()
    assert folder.name == second
    assert (tmp_path / "deep" / "runs" / "latest").resolve() == folder.path


def test_a_run_that_is_prepared_is_the_latest_no_sooner_than_it_is_told_so(tmp_path: Path) -> None:
    before = made(tmp_path)
    folder = runfolder.prepare(tmp_path)
    assert (tmp_path / "latest").resolve() == before
    folder.become_latest()
    assert (tmp_path / "latest").resolve() == folder.path


def test_runs_that_begin_in_the_same_second_have_names_of_their_own(tmp_path: Path, second: str) -> None:
    paths = [made(tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == [second, f"{second}-2", f"{second}-3"]
    assert (tmp_path / "latest").resolve() == paths[-1]
    assert runfolder.every(tmp_path) == paths


def test_the_lock_is_held_exactly_as_long_as_the_run(tmp_path: Path) -> None:
    folder = runfolder.prepare(tmp_path)
    assert cleanup.locked(folder.lock_path)
    folder.lock.release()
    assert not cleanup.locked(folder.lock_path)


@pytest.mark.parametrize("how", ["name", "path", "record", "latest"])
def test_a_run_is_found_by_name_path_record_or_as_the_latest(tmp_path: Path, how: str) -> None:
    path = made(tmp_path)
    text = {"name": path.name, "path": str(path), "record": str(path / FILE_NAME), "latest": "latest"}[how]
    assert runfolder.find(tmp_path, text) == path


def test_a_run_that_is_not_there_is_wrong_input_that_names_the_newest(tmp_path: Path, second: str) -> None:
    with pytest.raises(InputError, match="there is none in"):
        runfolder.find(tmp_path, "latest")
    made(tmp_path)
    with pytest.raises(InputError, match=f"no run 'x': the newest is {second}"):
        runfolder.find(tmp_path, "x")


def test_a_folder_without_a_record_is_no_run(tmp_path: Path) -> None:
    runfolder.prepare(tmp_path)
    assert runfolder.every(tmp_path) == []


@pytest.mark.parametrize("act", [runfolder.check, runfolder.prepare])
def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path, act: object) -> None:
    (tmp_path / "file").touch()
    assert callable(act)
    with pytest.raises(
        TestbedError, match=f"cannot write to the folder of runs {tmp_path}/file/runs: Not a dir"
    ) as caught:
        act(tmp_path / "file" / "runs")
    assert "--runs" in caught.value.hint


def test_checking_leaves_nothing(tmp_path: Path) -> None:
    runfolder.check(tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_file_is_saved_whole(tmp_path: Path) -> None:
    save(tmp_path / "new" / "a", "ü")
    save(tmp_path / "new" / "a", b"second")
    assert (tmp_path / "new" / "a").read_bytes() == b"second"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a"]


def test_a_private_file_is_nobody_elses_at_any_moment(tmp_path: Path) -> None:
    save(tmp_path / "a", "secret", private=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_saved_leaves_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path / "a", "before")

    def full(_path: Path, _content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TestbedError, match="No space left on device"):
        save(tmp_path / "a", "after")
    assert (tmp_path / "a").read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_what_a_run_keeps_is_not_for_other_users(tmp_path: Path) -> None:
    assert stat.S_IMODE(made(tmp_path).stat().st_mode) == 0o700


def test_a_run_whose_record_is_no_file_is_told_as_such(tmp_path: Path) -> None:
    folder = tmp_path / "20260101-000000"
    folder.mkdir()
    os.mkfifo(folder / FILE_NAME)
    with pytest.raises(InputError, match=r"20260101-000000/record\.jsonl is no file, but a pipe"):
        runfolder.find(tmp_path, folder.name)
