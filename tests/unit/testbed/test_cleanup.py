"""Who made something, and whether its run still lives."""

from __future__ import annotations

import errno
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from heartbed.testbed.cleanup import alive, end_clients, locked
from heartbed.testbed.labels import HOST_LABEL, LOCK_LABEL, Labels


def labels(lock: Path | str, host: str = "") -> dict[str, str]:
    return Labels(run="r", lock=str(lock), **({"host": host} if host else {})).as_dict()


def test_a_run_is_alive_while_it_holds_its_lock(tmp_path: Path) -> None:
    with FileLock(tmp_path / ".lock"):
        assert alive(labels(tmp_path / ".lock"))
    assert not alive(labels(tmp_path / ".lock"))


def test_looking_does_not_take_the_lock_from_who_comes_next(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    assert not locked(tmp_path / ".lock")
    with FileLock(tmp_path / ".lock", timeout=0):
        assert locked(tmp_path / ".lock")


def test_the_kernel_lets_go_of_the_lock_of_a_process_that_was_killed(tmp_path: Path) -> None:
    hold = "import sys, time; from filelock import FileLock; lock = FileLock(sys.argv[1]); lock.acquire(); print(1)"
    command = [sys.executable, "-uc", f"{hold}; time.sleep(60)", str(tmp_path / ".lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert alive(labels(tmp_path / ".lock"))
        finally:
            process.kill()
        process.wait()
        assert not alive(labels(tmp_path / ".lock"))


def test_a_run_whose_folder_was_deleted_is_dead(tmp_path: Path) -> None:
    assert not alive(labels(tmp_path / "gone" / ".lock"))


def test_what_another_user_made_whose_folder_is_closed_to_this_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, **_: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "stat", refuse)  # root, as whom tests may run, is let in everywhere
    assert alive(labels(tmp_path / "theirs" / ".lock"))


@pytest.mark.parametrize("found", [{}, {"heartbed": "1"}, {LOCK_LABEL: ""}])
def test_what_names_no_lock_is_the_stack_by_hand_and_stays(found: dict[str, str]) -> None:
    assert alive(found)


def test_what_another_host_made_is_not_ours_to_judge(tmp_path: Path) -> None:
    (tmp_path / ".lock").touch()
    assert alive(labels(tmp_path / ".lock", host=f"not-{platform.node()}"))
    assert labels(tmp_path / ".lock")[HOST_LABEL] == platform.node()


def test_an_exec_into_a_container_that_is_gone_is_ended_and_no_other(tmp_path: Path) -> None:
    gone, there = "a" * 64, "b" * 64
    tee = shutil.which("tee")  # waits for its input, whatever its arguments
    waiting, other = (
        subprocess.Popen(["docker", "exec", name], executable=tee, stdin=subprocess.PIPE, cwd=tmp_path)
        for name in (gone, there)
    )
    try:
        end_clients({gone})
        assert waiting.wait(10) != 0
        assert other.poll() is None
    finally:
        for each in (waiting, other):
            each.kill()
            each.wait()
