"""What cannot be written ends nothing and changes no answer; a pipe that nobody reads ends with 141."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from heartbed.report.outlet import Outlet
from tests.forked import run
from tests.signals import UNIGNORED
from tests.unit.data.report import samples

HEARTBED = Path(sys.executable).with_name("heartbed")
FULL = Path("/dev/full")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HEARTBED_RUNS": str(tmp_path), "PATH": os.environ["PATH"]}


PROBES, WRONG = ["probes"], ["run", "preforc"]


@pytest.mark.parametrize("command", ["schema", "doctor"])
def test_a_pipe_that_nobody_reads_is_141_and_silent(command: str, environ: dict[str, str], tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    done = run([command], environ, tmp_path, into=write)
    os.close(write)
    assert (done.code, done.err) == (141, b"")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(("command", "code"), [(PROBES, 4), (WRONG, 2)])
def test_a_full_output_is_told(command: list[str], code: int, environ: dict[str, str], tmp_path: Path) -> None:
    """What has nothing but its output has failed without it."""
    with FULL.open("wb") as full:
        done = run(command, environ, tmp_path, into=full.fileno())
    assert done.code == code
    assert b"Traceback" not in done.err
    assert (b"standard output cannot be written: No space left on device" in done.err) == (code == 4)


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
def test_a_full_output_keeps_the_answer(environ: dict[str, str], tmp_path: Path) -> None:
    samples.write(samples.comparison(), tmp_path / "a-run")
    with FULL.open("wb") as full:
        done = subprocess.run(
            [HEARTBED, "verdict", "a-run"], env=environ, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 3
    assert b"standard output cannot be written: No space left on device" in done.stderr


@pytest.mark.parametrize("closed", [[1], [2], [0, 1, 2]], ids=str)
@pytest.mark.parametrize(("command", "code"), [(PROBES, 0), (WRONG, 2)])
def test_a_closed_output_keeps_the_code(
    command: list[str], code: int, closed: list[int], environ: dict[str, str], tmp_path: Path
) -> None:
    done = run(command, environ, tmp_path, closed=closed)
    assert done.code == code
    assert b"Traceback" not in done.err


@pytest.mark.parametrize("imported", ["click", "heartbed.cells.axes", "heartbed.files"])
def test_an_interruption_while_it_is_imported_ends_it_in_silence(imported: str) -> None:
    """Whatever is being imported once the program has begun: Python tells of each module that it has imported."""
    command = [*UNIGNORED, sys.executable, "-X", "importtime", str(HEARTBED), "probes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert imported in (line.rpartition("|")[2].strip() for line in process.stderr)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert "Traceback" not in err
    assert process.returncode == 130


def test_what_completion_is_asked_with_may_be_anything(environ: dict[str, str], tmp_path: Path) -> None:
    asked = {"_HEARTBED_COMPLETE": "bash_complete", "COMP_WORDS": "x", "COMP_CWORD": "x"}
    done = run([], environ | asked, tmp_path)
    assert done.code == 2
    assert done.err.startswith(b"error: what is to be completed is not understood")


def test_an_outlet_takes_everything_and_remembers_why_it_cannot_write() -> None:
    read, write = os.pipe()
    os.close(read)
    outlet = Outlet(write)
    assert outlet.write(b"words") == 5
    assert outlet.broken
    assert outlet.write(b"more") == 4
    os.close(write)


def test_an_outlet_waits_for_a_reader_that_is_slow() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    content = b"x" * 300_000
    child = os.fork()
    if child == 0:
        os.close(read)
        Outlet(write).write(content)
        os._exit(0)
    os.close(write)
    taken = b""
    while piece := os.read(read, 4096):
        taken += piece
    os.waitpid(child, 0)
    os.close(read)
    assert taken == content
