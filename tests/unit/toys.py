"""The toy probes of the tests: each is one file in a folder, which is all that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from heartbed import probes
from heartbed.cli import cli

FOLDER = Path(__file__).parent / "data" / "probes"
NAMES = ("crowd", "cut", "freeze", "halt")


@contextmanager
def toys() -> Iterator[None]:
    """Have the toys beside the probes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "__path__", [*probes.__path__, str(FOLDER)])
        probes.every.cache_clear()
        try:
            yield
        finally:
            probes.every.cache_clear()


def main() -> None:
    """``heartbed`` with the toys: ``python -m tests.unit.toys run prefork --probe freeze``."""
    with toys():
        cli.main(prog_name="heartbed")


if __name__ == "__main__":
    main()
