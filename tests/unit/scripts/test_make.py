"""What the targets of the Makefile would do."""

from __future__ import annotations

import re
import subprocess

import pytest

from heartbed.places import ROOT


@pytest.mark.parametrize("server", ["prefork", "event", "worker", "uwsgi", "gunicorn"])
def test_the_tests_of_a_server_play_the_probes_that_their_help_names(server: str) -> None:
    """And not the stack by hand, which is left out only where probes are named."""
    done = subprocess.run(
        ["make", "--dry-run", f"test-{server}"], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )
    played = re.search(r"--probe \"\$\{PROBE:-(\S+)\}\"", done.stdout)
    helped = re.search(
        rf"^test-{server}: .*## the (.+) probes on", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    assert played is not None
    assert helped is not None
    assert played[1].split(",") == re.split(", | and ", helped[1])
