"""The one sentence that follows from the verdicts."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from heartbed.cells import axes
from heartbed.cells.axis import Axis
from heartbed.cells.question import Question
from heartbed.cells.subject import DEFAULT_PROBE
from heartbed.verdict.smallest_rule import smallest_rule
from heartbed.verdict.values import CellVerdict, Outcome
from heartbed.wording import count, listed

GOOD = {Outcome.KEPT: "keeps its connections", Outcome.RECOVERED: "is well again by itself"}
"""What is said of a cell that there is nothing to mend in."""

BAD = {
    Outcome.HUNG: "hangs",
    Outcome.LOST: "loses connections",
    Outcome.FAILED: "fails",
    Outcome.LEAKED: "leaks",
}
"""What is said of one that there is."""

MOST_NAMES = 6
"""Cells that a sentence names."""


def answer(cells: Sequence[CellVerdict]) -> str:
    """What the verdicts say together: a sentence or two, for each probe where there are several."""
    by_probe: dict[str, list[CellVerdict]] = defaultdict(list)
    for cell in cells:
        by_probe[cell.probe].append(cell)
    if len(by_probe) < 2:
        return _of_probe(cells, when(*by_probe))
    probes: dict[str, list[str]] = defaultdict(list)
    for probe, some in by_probe.items():
        probes[_of_probe(some, "")].append(probe)
    return " ".join(_headed(when(*names), said) for said, names in probes.items())


def when(*probes: str) -> str:
    """``when idle``, ``under trickle``, ``when idle and under trickle``."""
    idle = ["when idle"] if DEFAULT_PROBE in probes else []
    others = [probe for probe in probes if probe != DEFAULT_PROBE]
    return " and ".join([*idle, *([f"under {listed(others)}"] if others else [])])


def _headed(when: str, said: str) -> str:
    return f"{when[:1].upper()}{when[1:]}, {said[:1].lower()}{said[1:]}"


def _of_probe(cells: Sequence[CellVerdict], when: str) -> str:
    """What cells under one probe say; ``when`` is put into the sentence where it does not go without saying."""
    known = [cell for cell in cells if cell.outcome is not Outcome.INCONCLUSIVE]
    unknown = len(cells) - len(known)
    tail = f" {unknown} of {len(cells)} cells remain inconclusive." if unknown else ""
    if not known:
        return "Nothing can be said: every cell is inconclusive."
    bad = [cell for cell in known if not cell.outcome.good]
    under = f" {when}" if when else ""
    if len(bad) == len(known) and {cell.outcome for cell in bad} == {Outcome.LOST}:
        which = "The cell does not keep" if len(known) == 1 else f"None of the {len(known)} cells keeps"
        return f"{which} its connections{under}.{tail}"
    if not bad or len(bad) == len(known):
        which = "The cell" if len(known) == 1 else f"Every one of the {len(known)} cells"
        seen = {cell.outcome for cell in known}
        good = GOOD if _kept_connections(known) else {**GOOD, Outcome.KEPT: "loses no request"}
        does = [words for outcome, words in (BAD if bad else good).items() if outcome in seen]
        return f"{which} {' or '.join(does)}{under}.{tail}"
    said = _decided(known)
    return (said if when in ("", "when idle") else _headed(when, said)) + _not_answered(known) + tail


def _kept_connections(cells: Sequence[CellVerdict]) -> bool:
    """Whether those that are kept have their connections still: not where processes were replaced."""
    kept = [cell for cell in cells if cell.outcome is Outcome.KEPT]
    return all(conn.outcome is Outcome.KEPT for cell in kept for conn in cell.connections)


def questions(cells: Sequence[CellVerdict]) -> list[Question]:
    """All that cells can differ in: what the table has, and whatever else the record says of them."""
    table = axes.TABLE
    strange = dict.fromkeys(name for cell in cells for name in cell.factors if name not in table.names)
    return [*table.questions, *(Axis(name, f"the {name.replace('_', ' ')}", {}) for name in strange)]


def value(cell: CellVerdict, question: Question) -> str:
    """The cell's answer to a question; empty where it cannot be put to it."""
    return question.value(cell.factors, cell.cell)


def _varied(cells: Sequence[CellVerdict]) -> dict[str, Question]:
    """What the cells differ in. What a release brings is not told apart from it."""
    found = {each.name: each for each in questions(cells) if len({value(cell, each) for cell in cells} - {""}) > 1}
    releases = axes.TABLE.releases
    if releases.name in found:
        by_release: dict[str, list[CellVerdict]] = defaultdict(list)
        for cell in cells:
            by_release[value(cell, releases)].append(cell)
        for library in axes.TABLE.libraries:
            if all(len({value(cell, library) for cell in some}) == 1 for some in by_release.values()):
                found.pop(library.name, None)
    return found


def _titles(cells: Sequence[CellVerdict], varied: Mapping[str, Question]) -> dict[str, str]:
    """What the questions are called, where these cells are all there is to tell apart."""
    return {name: each.called({value(cell, each) for cell in cells} - {""}) for name, each in varied.items()}


def _decided(cells: Sequence[CellVerdict]) -> str:
    """Names the axis that alone decides, and those that were varied without effect."""
    varied = _varied(cells)
    titles = _titles(cells, varied)
    deciding = {name: sides for name, each in varied.items() if (sides := _sides(cells, each)) is not None}
    fared = _fared(cells)
    if len(deciding) > 1:
        # Each alone would explain all there is, and none of them was tried without the others.
        kept_with, not_with = (
            " with ".join(_names(side, varied[name]) for name, side in zip(deciding, sides, strict=True))
            for sides in zip(*deciding.values(), strict=True)
        )
        return (
            f"It is {' or '.join(titles[name] for name in deciding)} that decides, but they were varied only together: "
            f"{kept_with} {fared}, {not_with} did not."
        )
    for name, (kept, not_kept) in deciding.items():
        which = f"{_names(kept, varied[name])} {fared}, {_names(not_kept, varied[name])} did not"
        if not _by_itself(cells, varied.values(), varied[name]):
            return f"It goes with {titles[name]}, but not each was tried with all else the same: {which}."
        effects = {other: _effect(cells, varied.values(), each) for other, each in varied.items() if other != name}
        idle = " and ".join(titles[other] for other, effect in effects.items() if effect is False)
        telling = " and ".join(titles[other] for other, effect in effects.items() if effect)
        # Whose first request failed all the same is told in a sentence of its own.
        to_that = " to that" if _not_answered(cells) else ""
        more = f"; {idle} made no difference{to_that}" if idle else ""
        more += f"; how those fared differed with {telling}" if telling else ""
        return f"It is {titles[name]} that decides: {which}{more}."
    return _by_rule(cells, varied.values())


def _by_itself(cells: Sequence[CellVerdict], varied: Collection[Question], axis: Question) -> bool:
    """Whether each factor was tried beside one that fared otherwise, with all else the same."""
    told = [
        value(cell, axis)
        for one, two in _pairs(cells, varied, axis)
        if one.outcome.good != two.outcome.good
        for cell in (one, two)
    ]
    return set(told) == {value(cell, axis) for cell in cells}


def _fared(cells: Sequence[CellVerdict]) -> str:
    """What cells did of which some did well and others did not: that is more than to keep connections, or less."""
    plain = {cell.outcome for cell in cells} <= {Outcome.KEPT, Outcome.LOST}
    return "kept every connection" if plain else "fared well"


def _by_rule(cells: Sequence[CellVerdict], varied: Collection[Question]) -> str:
    """What tells the cells apart where it is more than one choice: the shortest rule, else how many fared well."""
    rules = [(good, rule) for good in (True, False) if (rule := smallest_rule(cells, varied, good=good))]
    well, unwell = _sides_called(cells)
    if not rules:
        named = [cell.cell for cell in cells if cell.outcome.good]
        which = f": {', '.join(named)}" if len(named) <= MOST_NAMES else ""
        return f"No short rule tells the cells apart: {len(named)} of {len(cells)} are {well}{which}."
    good, rule = min(rules, key=lambda each: each[1].cost)
    side, others = (well, unwell) if good else (unwell, well)
    side = f"{side[:1].upper()}{side[1:]}"
    are = "exception is" if len(rule.exceptions) == 1 else "exceptions are"
    but = f" The {are} {', '.join(rule.exceptions)}." if rule.exceptions else ""
    return f"No single choice decides. {side}: {rule}. Every other of the {len(cells)} cells is {others}.{but}"


def _sides_called(cells: Sequence[CellVerdict]) -> tuple[str, str]:
    """What those that fared well are called by their outcomes, and those that did not: ``kept`` and ``not kept``."""
    well = [outcome for outcome in GOOD if outcome in {cell.outcome for cell in cells}]
    return " or ".join(well), f"neither {' nor '.join(well)}" if len(well) > 1 else f"not {''.join(well)}"


def _effect(cells: Sequence[CellVerdict], varied: Collection[Question], axis: Question) -> bool | None:
    """Whether cells that differ on this axis alone fared differently, if only one of their connections did.

    None where there are no two such cells. An axis that a cell does not have is no difference.
    """
    pairs = _pairs(cells, varied, axis)
    return any(_fate(one) != _fate(two) for one, two in pairs) if pairs else None


def _pairs(
    cells: Sequence[CellVerdict], varied: Collection[Question], axis: Question
) -> list[tuple[CellVerdict, CellVerdict]]:
    """Those that differ on this axis alone."""
    others = [other for other in varied if other.name != axis.name]
    return [
        (one, two)
        for one, two in itertools.combinations(cells, 2)
        if _differ(one, two, axis) and not any(_differ(one, two, other) for other in others)
    ]


def _differ(one: CellVerdict, two: CellVerdict, axis: Question) -> bool:
    first, second = value(one, axis), value(two, axis)
    return first != second and bool(first) and bool(second)


def _fate(cell: CellVerdict) -> tuple[object, ...]:
    """What became of a cell, and of its connections of either purpose."""
    return cell.outcome, frozenset((str(each.purpose), each.outcome) for each in cell.connections)


def _not_answered(cells: Sequence[CellVerdict]) -> str:
    """Whoever loses its connections opens others with the next request: where not even that helped, it is told."""
    failed = [cell for cell in cells if cell.cost.failed]
    if not failed or len(failed) == len(cells):
        return ""
    how = sorted({f"HTTP {cell.cost.after_status}" for cell in failed if cell.cost.after_status})
    which = ", ".join(cell.cell for cell in failed) if len(failed) <= MOST_NAMES else count(len(failed), "cell")
    code = f" ({', '.join(how)})" if how else ""
    return f" In {which} not even the first request after the idle period was answered rightly{code}."


def _sides(cells: Sequence[CellVerdict], axis: Question) -> tuple[list[str], list[str]] | None:
    """Factors whose cells were all kept, and those whose cells were all not; None where one has both or a cell none."""
    by_value: dict[str, set[bool]] = defaultdict(set)
    for cell in cells:
        by_value[value(cell, axis)].add(cell.outcome.good)
    if "" in by_value or any(len(outcomes) > 1 for outcomes in by_value.values()):
        return None
    kept = [name for name, outcomes in by_value.items() if True in outcomes]
    return kept, [name for name in by_value if name not in kept]


def _names(values: Sequence[str], question: Question) -> str:
    return " and ".join(question.words.get(each, each) for each in values)
