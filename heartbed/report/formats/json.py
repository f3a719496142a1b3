"""``verdicts.json``: the verdicts as ``docs/verdicts.schema.json`` describes them."""

from __future__ import annotations

from heartbed.report.data import RunData

FILE = "verdicts.json"


def render(run: RunData) -> str:
    """The whole ``RunVerdict``, indented, with its line break at the end."""
    return run.verdict.model_dump_json(indent=2) + "\n"
