"""Prints what the image is made of, as JSON: kept as /opt/heartbed/versions.json."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from importlib import metadata


def httpd_version() -> str:
    """The version of httpd, by its own word."""
    told = subprocess.run(["/usr/sbin/apache2", "-v"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Apache/(\S+)", told)
    if not found:
        sys.exit(f"no version in what httpd says: {told!r}")
    return found[1]


def package_versions() -> dict[str, str]:
    """Every Python package that the application can import: of two versions the one that is found first."""
    found: dict[str, str] = {}
    for item in metadata.distributions():
        found.setdefault(item.metadata["Name"], item.version)
    return dict(sorted(found.items()))


if __name__ == "__main__":
    mod_wsgi = sys.argv[1]
    versions = {"httpd": httpd_version(), "mod_wsgi": mod_wsgi, "python": platform.python_version()}
    print(json.dumps({**versions, "packages": package_versions()}, indent=2))
