"""pip for another Python than its own: ``python -m heartbed.candidates.pip_for 3.13 install ...``.

``--python-version`` decides which wheels fit, and no more: what a package requires on some Pythons only (``legacy-cgi;
python_version >= "3.13"``), pip goes on to ask of the Python that it runs on. Here it is asked of the other.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any


def answer_for(version: str, markers: Any) -> None:
    """Have pip's module of markers answer for a version, of which it takes the first release."""
    here = markers.default_environment

    def there() -> dict[str, str]:
        return {**here(), "python_version": version, "python_full_version": f"{version}.0"}

    markers.default_environment = there


def main(version: str, arguments: Sequence[str]) -> int:
    """Run pip; returns its exit code."""
    answer_for(version, importlib.import_module("pip._vendor.packaging.markers"))
    return int(importlib.import_module("pip._internal.cli.main").main([*arguments]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
