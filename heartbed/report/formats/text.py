"""``report.txt``: what the terminal shows at the end of a run, 80 columns wide and without colour."""

from __future__ import annotations

import io

from rich.console import Console

from heartbed.report.data import RunData
from heartbed.report.terminal import summary

FILE = "report.txt"
WIDTH = 80


def render(run: RunData) -> str:
    """The summary as plain text; every line ends without blanks."""
    console = Console(
        file=io.StringIO(), width=WIDTH, no_color=True, highlight=False, force_terminal=False, _environ={}
    )
    with console.capture() as capture:
        console.print(summary(run))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
