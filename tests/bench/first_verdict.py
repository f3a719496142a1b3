"""How long it takes from an empty environment to the first verdict, with the images present: ``make bench`` runs it.

``python -m tests.bench.first_verdict`` prints how long the wheel takes to be
installed, and then a check of a file with it.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.acceptance.test_wheel import built, first_verdict, install


def main() -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = built(folder / "dist")
        began = time.monotonic()
        program = install(wheel, folder / "venv")
        installed = time.monotonic()
        mine = folder / "mine"
        mine.mkdir()
        done = first_verdict(program, mine)
        told = time.monotonic()
        if done.returncode != 1:
            sys.exit(done.stdout + done.stderr)
        print(
            f"from an empty environment to the first verdict {told - began:.0f} s: "
            f"{installed - began:.0f} s to install, {told - installed:.0f} s to check a file"
        )


if __name__ == "__main__":
    main()
