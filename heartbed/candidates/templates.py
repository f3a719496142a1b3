"""Templates that a deployment tool makes configurations of, as Jinja's, Go's, ERB's and EPP's: no server reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heartbed.errors import InputError

LEFT_OPEN = re.compile(r"""\{\{-?\s*[\w.$("'].*?\}\}|\{%[-+]?\s.*?%\}|<%(?:[-=#|]|\s).*?%>""")
COMMENT = ("#", ";")


def refuse(shown: str, lines: Sequence[str]) -> None:
    """Raise ``InputError`` for a file in which something is left open, but for comments."""
    for number, line in enumerate(lines, 1):
        found = None if line.lstrip().startswith(COMMENT) else LEFT_OPEN.search(line)
        if found:
            raise InputError(
                f"{shown}:{number}: {found[0][:100]} is of a template, which is no configuration until it is filled in",
                hint="name the file that the deployment tool makes of it, as it lies on the server",
            )
