"""The one sentence that follows from the verdicts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from heartbed.model import CellVerdict, Outcome

WORDS = {
    "eventlet": "eventlet with its green heartbeat thread",
    "eventlet-pthread": "eventlet with heartbeat_in_pthread",
    "native": "native threads",
}
QUESTIONS = (
    ("server", "MPM", "the MPM"),
    ("mode", "mode", "mod_wsgi's mode"),
    ("model", "execution model", "how the application runs its threads"),
    ("oslo", "oslo.messaging", "the version of oslo.messaging"),
)
"""Axis, the word before a single value, and what the axis is called. ``model`` is taken together with ``thread``."""


def answer(cells: Sequence[CellVerdict]) -> str:
    """What the verdicts say together, in one sentence or two."""
    known = [cell for cell in cells if cell.outcome is not Outcome.INCONCLUSIVE]
    unknown = len(cells) - len(known)
    tail = f" {unknown} of {len(cells)} cells remain inconclusive." if unknown else ""
    if not known:
        return "Nothing can be said: every cell is inconclusive."
    bad = [cell for cell in known if cell.outcome is not Outcome.KEPT]
    if not bad:
        return _all("keeps its connections", len(known)) + tail
    if len(bad) == len(known):
        return _all("does not keep its connections", len(known)) + tail
    return _decided(known) + tail


def _all(what: str, count: int) -> str:
    if count == 1:
        return f"The cell {what} when idle."
    return f"Every one of the {count} cells {what} when idle."


def value(cell: CellVerdict, axis: str) -> str:
    """The cell's factor on an axis; the execution model together with its heartbeat thread."""
    factors = cell.factors
    if axis == "model" and factors.get("thread") == "pthread":
        return f"{factors['model']}-pthread"
    return factors.get(axis, "")


def _decided(cells: Sequence[CellVerdict]) -> str:
    """Names the axis that alone decides, and those that were varied without effect."""
    varied = [axis for axis, _, _ in QUESTIONS if len({value(cell, axis) for cell in cells}) > 1]
    for axis, _, title in QUESTIONS:
        sides = _sides(cells, axis)
        if axis not in varied or sides is None:
            continue
        kept, not_kept = sides
        idle = [title for other, _, title in QUESTIONS if other in varied and other != axis]
        nothing = f"; {' and '.join(idle)} made no difference" if idle else ""
        return f"It is {title} that decides: {_names(kept)} kept every connection, {_names(not_kept)} did not{nothing}."
    kept_names = ", ".join(cell.cell for cell in cells if cell.outcome is Outcome.KEPT)
    return f"No single choice decides. Kept: {kept_names}; every other cell lost connections or hung."


def _sides(cells: Sequence[CellVerdict], axis: str) -> tuple[list[str], list[str]] | None:
    """Factors whose cells were all kept, and those whose cells were all not; None when one factor has both."""
    by_value: dict[str, set[bool]] = defaultdict(set)
    for cell in cells:
        by_value[value(cell, axis)].add(cell.outcome is Outcome.KEPT)
    if any(len(outcomes) > 1 for outcomes in by_value.values()):
        return None
    kept = [name for name, outcomes in by_value.items() if True in outcomes]
    return kept, [name for name in by_value if name not in kept]


def _names(values: Sequence[str]) -> str:
    words = [WORDS.get(name, name) for name in values]
    return " and ".join(words)
