"""``look.txt``: what the terminal shows at the end of a look, without colour."""

from __future__ import annotations

import io

from rich.console import Console

from heartbed.report.look_table import LookTable
from heartbed.verdict.look.values import LookVerdict

FILE = "look.txt"
WIDTH = 110


def render(look: LookVerdict) -> str:
    """The tables as plain text; every line ends without blanks."""
    console = Console(
        file=io.StringIO(), width=WIDTH, no_color=True, highlight=False, force_terminal=False, _environ={}
    )
    with console.capture() as capture:
        console.print(LookTable(look))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
