"""Writes the causes into docs/verdicts.md, from where they are declared: ``python -m heartbed.verdict.document``."""

from __future__ import annotations

from heartbed.files import save, spliced
from heartbed.places import ROOT
from heartbed.verdict.cause import Cause

DOCUMENT = ROOT / "docs" / "verdicts.md"
WHAT = "the causes, written by python -m heartbed.verdict.document"
HEAD = ("", "| cause | in words | means | proven by |", "|---|---|---|---|")


def written(text: str) -> str:
    """The document's text with the causes as they are declared now."""
    return spliced(text, WHAT, table())


def table() -> str:
    """All causes, a row each."""
    rows = [f"| `{cause.value}` | {cause.words} | {cause.means} | {cause.proof} |" for cause in Cause]
    return "\n".join([*HEAD, *rows, "", ""])


if __name__ == "__main__":
    save(DOCUMENT, written(DOCUMENT.read_text(encoding="utf-8")))
