"""``look.json``: the verdicts as ``docs/look.schema.json`` describes them."""

from __future__ import annotations

from heartbed.verdict.look.values import LookVerdict

FILE = "look.json"


def render(look: LookVerdict) -> str:
    """The whole ``LookVerdict``, indented, with its line break at the end."""
    return look.model_dump_json(indent=2) + "\n"
