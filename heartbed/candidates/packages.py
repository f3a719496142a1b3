"""Installs what a user's own application needs, for the Python of the images."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from heartbed.errors import InputError
from heartbed.files import is_regular
from heartbed.versions.releases import PYTHON

DEADLINE_S = 300
LOG_LINES = 12


def install(requirements: Path, folder: Path) -> Path:
    """Install the requirements into a folder, which is returned. Raises ``InputError`` with pip's own words."""
    if not is_regular(requirements):
        raise InputError(f"--requirements: {requirements} is not a file")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    # Wheels only: what needed a compiler would need its libraries in the image too.
    command += ["--target", str(folder), "--python-version", PYTHON, "--only-binary", ":all:", "-r", str(requirements)]
    bundle = os.environ.get("HEARTBED_CA_BUNDLE")
    environ = {**os.environ, "PIP_CERT": bundle} if bundle else dict(os.environ)
    try:
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        raise InputError(f"{requirements} could not be installed within {DEADLINE_S} s") from None
    if done.returncode:
        log = [line for line in done.stderr.splitlines() if line.strip()][-LOG_LINES:]
        raise InputError(f"{requirements} could not be installed", log=log, hint="pip's own words are above")
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    return folder
