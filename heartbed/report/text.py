"""Text from outside, made fit to be shown.

Log lines, stacks and names come from programs under test. On a terminal a
control character could move the cursor or hide what follows; in XML it makes
the file invalid. Both are shown as escapes instead.
"""

from __future__ import annotations

import re

CONTROLS = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""C0 and C1 controls but tab and line feed, invisible and direction-changing characters, lone surrogates."""

ASCII = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "─": "-",
        "−": "-",
        "·": "-",
        "…": "...",
        "×": "x",
        "→": "->",
        "←": "<-",
        "≥": ">=",
        "≤": "<=",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "•": "*",
        "\u00a0": " ",
        "\u202f": " ",
    }
)
"""What typographic characters become where the terminal knows only ASCII."""


def printable(text: object, *, ascii_only: bool = False) -> str:
    """``text`` without anything that a terminal, a browser or an XML parser would act on.

    With ``ascii_only`` every other character beyond ASCII becomes an escape.
    """
    shown = CONTROLS.sub(_escape, str(text).replace("\r\n", "\n"))
    if not ascii_only:
        return shown
    return shown.translate(ASCII).encode("ascii", "backslashreplace").decode("ascii")


def one_line(text: object, limit: int = 0) -> str:
    """``text`` on one line with single spaces, cut to ``limit`` characters where that is not 0."""
    line = " ".join(printable(text).split())
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
