"""How many unit tests run side by side."""

from __future__ import annotations

import os

import pytest


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for each core: a test computes for half of its time, and waits for processes and clocks for the rest."""
    del config
    return 2 * (os.cpu_count() or 1)
