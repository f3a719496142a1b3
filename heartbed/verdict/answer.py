"""The one sentence that follows from the verdicts."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Collection, Sequence

from heartbed.cells.axes import LIBRARIES, PARAMETERS
from heartbed.verdict.values import CellVerdict, Outcome

WORDS = {
    "eventlet": "eventlet with its green heartbeat thread",
    "eventlet-pthread": "eventlet with heartbeat_in_pthread",
    "native": "native threads",
}
QUESTIONS = {
    "server": "the server",
    "mode": "mod_wsgi's mode",
    "model": "how the application runs its threads",
    "loading": "when the application is loaded",
    "front": "what stands in front of uWSGI",
    "worker_class": "the class of gunicorn's workers",
    "release": "the OpenStack release",
    **{each.word: f"the version of {each.package}" for each in LIBRARIES},
    "processes": "the number of processes",
    "threads": "the number of threads",
    "heartbeat": "the heartbeat timeout",
}
"""Axis or parameter, and what it is called. ``model`` is taken together with ``thread``."""

MPMS = {"prefork", "event", "worker"}
NO_RELEASE = "Heartbed's own versions"
PARAMETER = re.compile(rf"({'|'.join(each.name for each in PARAMETERS)})(\d+)\Z")


def answer(cells: Sequence[CellVerdict]) -> str:
    """What the verdicts say together, in one sentence or two."""
    known = [cell for cell in cells if cell.outcome is not Outcome.INCONCLUSIVE]
    unknown = len(cells) - len(known)
    tail = f" {unknown} of {len(cells)} cells remain inconclusive." if unknown else ""
    if not known:
        return "Nothing can be said: every cell is inconclusive."
    bad = [cell for cell in known if cell.outcome is not Outcome.KEPT]
    if not bad:
        one, every = "The cell keeps", f"Every one of the {len(known)} cells keeps"
        return _all(one, every, known) + tail
    if len(bad) == len(known):
        one, none = "The cell does not keep", f"None of the {len(known)} cells keeps"
        return _all(one, none, known) + tail
    said, probe = _decided(known), _under(known)
    return (f"{probe.capitalize()}, {said[0].lower()}{said[1:]}" if probe else said) + tail


def _all(one: str, all_of_them: str, cells: Sequence[CellVerdict]) -> str:
    return f"{one if len(cells) == 1 else all_of_them} its connections {_under(cells) or 'when idle'}."


def _under(cells: Sequence[CellVerdict]) -> str:
    """``under trickle``; empty for the idle probe, which goes without saying."""
    return " and ".join(f"under {probe}" for probe in dict.fromkeys(cell.probe for cell in cells) if probe != "idle")


def value(cell: CellVerdict, axis: str) -> str:
    """The cell's factor on an axis; the execution model together with its heartbeat thread. Empty where it has none."""
    factors = cell.factors
    if axis == "model" and factors.get("thread") == "pthread":
        return f"{factors['model']}-pthread"
    if axis == "release":
        return factors.get(axis, NO_RELEASE)
    if axis in (each.name for each in PARAMETERS):
        found = (PARAMETER.match(part) for part in cell.cell.split("-"))
        return next((match[0] for match in found if match and match[1] == axis), f"the usual {axis}")
    if axis in (each.word for each in LIBRARIES):
        return factors.get(axis, next(each.default for each in LIBRARIES if each.word == axis))
    return factors.get(axis, "")


def _varied(cells: Sequence[CellVerdict]) -> dict[str, str]:
    """The axes on which the cells differ, and their titles. What a release brings is not told apart from it."""
    found = {axis: title for axis, title in QUESTIONS.items() if len({value(cell, axis) for cell in cells} - {""}) > 1}
    if "server" in found and {value(cell, "server") for cell in cells} <= MPMS:
        found["server"] = "the MPM"
    if "release" in found:
        brought = {each.word for each in LIBRARIES}
        by_release: dict[str, list[CellVerdict]] = defaultdict(list)
        for cell in cells:
            by_release[value(cell, "release")].append(cell)
        chosen = {
            axis for axis in brought for some in by_release.values() if len({value(cell, axis) for cell in some}) > 1
        }
        found = {axis: title for axis, title in found.items() if axis not in brought - chosen}
    return found


def _decided(cells: Sequence[CellVerdict]) -> str:
    """Names the axis that alone decides, and those that were varied without effect."""
    varied = _varied(cells)
    deciding = {axis: sides for axis in varied if (sides := _sides(cells, axis)) is not None}
    if len(deciding) > 1:
        # Each alone would explain all there is, and none of them was tried without the others.
        titles = " or ".join(varied[axis] for axis in deciding)
        kept_with, not_with = (" with ".join(map(_names, side)) for side in zip(*deciding.values(), strict=True))
        return (
            f"It is {titles} that decides, but they were varied only together: "
            f"{kept_with} kept every connection, {not_with} did not."
        )
    for axis, (kept, not_kept) in deciding.items():
        effects = {other: _effect(cells, varied, other) for other in varied if other != axis}
        idle = " and ".join(varied[other] for other, effect in effects.items() if effect is False)
        telling = " and ".join(varied[other] for other, effect in effects.items() if effect)
        more = f"; {idle} made no difference" if idle else ""
        more += f"; how the others fared differed with {telling}" if telling else ""
        decides = f"It is {varied[axis]} that decides"
        return f"{decides}: {_names(kept)} kept every connection, {_names(not_kept)} did not{more}."
    kept_names = ", ".join(cell.cell for cell in cells if cell.outcome is Outcome.KEPT)
    return f"No single choice decides. Kept: {kept_names}; every other cell lost connections or hung."


def _effect(cells: Sequence[CellVerdict], varied: Collection[str], axis: str) -> bool | None:
    """Whether cells that differ on this axis alone fared differently, if only one of their connections did.

    None where there are no two such cells. An axis that a cell does not have is no difference.
    """
    others = [other for other in varied if other != axis]
    pairs = [
        (one, two)
        for one, two in itertools.combinations(cells, 2)
        if _differ(one, two, axis) and not any(_differ(one, two, other) for other in others)
    ]
    return any(_fate(one) != _fate(two) for one, two in pairs) if pairs else None


def _differ(one: CellVerdict, two: CellVerdict, axis: str) -> bool:
    first, second = value(one, axis), value(two, axis)
    return first != second and bool(first) and bool(second)


def _fate(cell: CellVerdict) -> tuple[Outcome, frozenset[tuple[str, Outcome]]]:
    """What became of a cell, and of its connections of either purpose."""
    return cell.outcome, frozenset((str(each.purpose), each.outcome) for each in cell.connections)


def _sides(cells: Sequence[CellVerdict], axis: str) -> tuple[list[str], list[str]] | None:
    """Factors whose cells were all kept, and those whose cells were all not; None where one has both or a cell none."""
    by_value: dict[str, set[bool]] = defaultdict(set)
    for cell in cells:
        by_value[value(cell, axis)].add(cell.outcome is Outcome.KEPT)
    if "" in by_value or any(len(outcomes) > 1 for outcomes in by_value.values()):
        return None
    kept = [name for name, outcomes in by_value.items() if True in outcomes]
    return kept, [name for name in by_value if name not in kept]


def _names(values: Sequence[str]) -> str:
    words = [WORDS.get(name, name) for name in values]
    return " and ".join(words)
