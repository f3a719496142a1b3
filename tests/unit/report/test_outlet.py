"""What cannot be written ends nothing and changes no exit code; a pipe that nobody reads ends with 141."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heartbed.places import ROOT
from heartbed.report.outlet import Outlet

HEARTBED = Path(sys.executable).with_name("heartbed")
FULL = Path("/dev/full")


def shell(command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a line of a shell in which ``$H`` is the program; its last command's exit code."""
    variables = {**os.environ, "H": str(HEARTBED), **environ}
    return subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, timeout=30, env=variables
    )


def test_a_pipe_that_nobody_reads_is_141_and_silent() -> None:
    done = shell('{ "$H" schema; echo "code $?" >&2; } | true')
    assert done.stderr == "code 141\n"


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(("command", "code"), [("probes", 0), ("run preforc", 2)])
def test_a_full_output_keeps_the_code(command: str, code: int) -> None:
    done = shell(f'"$H" {command} > /dev/full')
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("standard output cannot be written: No space left on device" in done.stderr) == (code == 0)


@pytest.mark.parametrize("closed", [">&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("command", "code"), [("probes", 0), ("run preforc", 2)])
def test_a_closed_output_keeps_the_code(command: str, code: int, closed: str) -> None:
    done = shell(f'"$H" {command} {closed}')
    assert done.returncode == code
    assert "Traceback" not in done.stderr


def test_an_interruption_while_it_is_imported_ends_it_in_silence() -> None:
    """At moments spread over the whole start: none shows a traceback, whatever was being imported."""
    for delay_s in (0.1, 0.2):
        process = subprocess.Popen(
            ["env", "--default-signal=INT", HEARTBED, "probes"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(delay_s)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert f"{ROOT}/heartbed/" not in err, err


def test_what_completion_is_asked_with_may_be_anything() -> None:
    done = shell('"$H"', _HEARTBED_COMPLETE="bash_complete", COMP_WORDS="x", COMP_CWORD="x")
    assert done.returncode == 2
    assert done.stderr.startswith("error: what is to be completed is not understood")


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
