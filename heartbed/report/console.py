"""The terminal, or the file in its place, that people read."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from heartbed.report.text import printable

FILE_COLUMNS = 100
FEWEST_COLUMNS, MOST_COLUMNS = 20, 1000
"""Between these, what COLUMNS asks for is followed: 0 columns would show nothing at all."""


class PlainConsole(Console):
    """Shows text as it is: no word of it becomes a picture, and no character moves the cursor or hides another."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """A string with its markup: what it holds beside that is made fit to be shown before it is measured."""
        return super().render_str(printable(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Every piece of text, fit to be shown; rich's own control sequences are left as they are."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text == "\n" or (segment.text.isascii() and segment.text.isprintable()):
                yield segment
            else:
                yield Segment(printable(segment.text), segment.style)


def console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """A console with colours on a terminal only, and none with NO_COLOR; 100 columns wide into a file or pipe."""
    stream = sys.stderr if stderr else sys.stdout
    width = _asked_for("COLUMNS") or (None if stream.isatty() else FILE_COLUMNS)
    # What rich would read there itself may be 0.
    environ = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    return PlainConsole(stderr=stderr, quiet=quiet, width=width, height=_asked_for("LINES"), _environ=environ)


def _asked_for(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    if not re.fullmatch(r"[0-9]{1,9}", text) or not int(text):
        return None
    return min(max(int(text), FEWEST_COLUMNS), MOST_COLUMNS) if variable == "COLUMNS" else int(text)
