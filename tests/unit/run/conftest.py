"""What all tests of runs find: signals that count, whatever the tests were started with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.signals import unignored


@pytest.fixture(autouse=True)
def _signals_count() -> Iterator[None]:
    """A job in the background is started with some ignored."""
    with unignored():
        yield
