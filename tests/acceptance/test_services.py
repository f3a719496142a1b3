"""Real services of OpenStack's as applications of a user's own, played by ``examples/services/try``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heartbed.places import ROOT

pytestmark = [pytest.mark.docker, pytest.mark.slow]

TRY = ROOT / "examples" / "services" / "try"
ENVIRON = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def makes_wheels(python: str) -> bool:
    """Whether this Python is here, with pip."""
    try:
        return not subprocess.run([python, "-m", "pip", "-V"], env=ENVIRON, capture_output=True, check=False).returncode
    except OSError:
        return False


@pytest.mark.parametrize(
    ("name", "python", "expected"),
    [
        ("heat-26", "python3.13", ("kept", "", "native", {"SEND", "LISTEN"})),
        ("glance-30", "python3.11", ("kept", "", "native", {"SEND"})),
        ("neutron-25", "python3.11", ("lost", "hub_not_run", "eventlet", {"SEND"})),
        ("neutron-26", "python3.11", ("kept", "", "native", {"SEND"})),
    ],
)
def test_what_a_service_does_is_what_the_table_says(
    tmp_path: Path, name: str, python: str, expected: tuple[str, str, str, set[str]]
) -> None:
    if not makes_wheels(python):
        pytest.skip(f"there is no {python} with pip here, which makes wheels of what has none")
    options = ["--mpm", "prefork", "--no-mend", "--probe", "idle", "--format", "json", "--quiet"]
    done = subprocess.run(
        [str(TRY), name, *options, "--runs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
        env=ENVIRON,
    )
    assert done.stdout, done.stderr
    verdict = json.loads(done.stdout)["verdict"]
    opened = {each["purpose"] for each in verdict["connections"]}
    assert (verdict["outcome"], verdict["cause"], verdict["observed"]["model"], opened) == expected
