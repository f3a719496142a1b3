"""The terminal, or the file in its place, that people read."""

from __future__ import annotations

import os
import sys

from rich.console import Console

FILE_COLUMNS = 100


def console(*, stderr: bool = False) -> Console:
    """A console with colours on a terminal only, and none with NO_COLOR; 100 columns wide into a file or pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else FILE_COLUMNS
    return Console(stderr=stderr, highlight=False, width=width)
