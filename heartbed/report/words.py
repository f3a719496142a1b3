"""The words, signs and units in which every format speaks of verdicts."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.cells.models import MODELS
from heartbed.record.connection import Purpose
from heartbed.report.text import one_line
from heartbed.verdict.values import CellVerdict, Connection, Cost, Outcome, RunVerdict, Tries, worst
from heartbed.wording import count, listed, seconds

STYLES = {
    Outcome.HUNG: "bold magenta",
    Outcome.LOST: "bold red",
    Outcome.FAILED: "bold red",
    Outcome.LEAKED: "red",
    Outcome.INCONCLUSIVE: "yellow",
    Outcome.RECOVERED: "green",
    Outcome.KEPT: "green",
}
"""How a terminal colours what the words say."""

DIFFERENT_TIMEOUTS = 1.0
"""Losses of one cell further apart than this are told apart: RabbitMQ samples once a timeout, so less means nothing."""


MOST_PROBES = 4
"""More are not named in a question."""

FEW, MOST_OTHERS = 5, 2
"""Fewer cells are named; of more those that are not meant, where these are not more than so many."""


OF_ACT = re.compile(r"\.(\d+)( \(shard |$)")
"""What the name of a control ends with in every act but the first; in a merged run its shard follows."""


def control_words(name: str) -> str:
    """A control's name for whoever reads: ``machine.2`` as ``machine (act 2)``."""
    return OF_ACT.sub(r" (act \1)\2", name)


@dataclass(frozen=True)
class Phrase:
    """What became of a cell, or of its connections of one purpose."""

    purpose: Purpose | None
    outcome: Outcome
    after_s: float | None
    """After which it was lost, or well again."""
    tries: Tries | None = None

    @property
    def text(self) -> str:
        """For example ``LISTEN lost after 6.0 s``, ``hung in 3 of 15 bursts``, ``kept (15 bursts)``."""
        said = outcome_words(self.outcome, self.after_s) + _tried(self.tries, self.outcome)
        return f"{self.purpose} {said}" if self.purpose else said


def _tried(tries: Tries | None, outcome: Outcome) -> str:
    """How often it was tried, where chance decides and more than one try was made."""
    if tries is None or not tries.by_chance or tries.tried == 1:
        return ""
    if outcome is Outcome.HUNG:
        return f" in {tries.seen} of {count(tries.tried, tries.what)}"
    return f" ({count(tries.tried, tries.what)})" if outcome.good else ""


def outcome_words(outcome: Outcome, after_s: float | None = None) -> str:
    """``kept``, ``lost after 6.0 s``, ``recovered after 1.1 s``, ..."""
    if outcome in (Outcome.LOST, Outcome.RECOVERED) and after_s is not None:
        return f"{outcome} after {seconds(after_s)}"
    return outcome.value


def phrases(cell: CellVerdict, heartbeat_s: float) -> list[Phrase]:
    """One phrase for the cell, or one for each purpose where SEND and LISTEN fared differently."""
    by_purpose = {purpose: [c for c in cell.connections if c.purpose is purpose] for purpose in Purpose}
    worded = [_phrase(purpose, connections) for purpose, connections in by_purpose.items() if connections]
    outcomes = {phrase.outcome for phrase in worded}
    times = [phrase.after_s for phrase in worded if phrase.after_s is not None]
    apart = times and max(times) - min(times) > DIFFERENT_TIMEOUTS * max(heartbeat_s, 1.0)
    if len(worded) > 1 and (len(outcomes) > 1 or apart) and cell.outcome in outcomes:
        return worded
    return [Phrase(None, cell.outcome, after_s(cell), cell.tries)]


def overall(cell: CellVerdict) -> str:
    """What became of a cell as a whole: ``lost after 6.0 s``, ``hung in 3 of 15 bursts``."""
    return Phrase(None, cell.outcome, after_s(cell), cell.tries).text


def after_s(cell: CellVerdict) -> float | None:
    """After how many seconds the cell was well again, or its first connection lost; None where it was neither."""
    return cell.recovered_after_s if cell.outcome is Outcome.RECOVERED else cell.lost_after_s


def _phrase(purpose: Purpose, connections: list[Connection]) -> Phrase:
    outcome = worst(c.outcome for c in connections)
    times = [c.lost_after_s for c in connections if c.outcome is outcome and c.lost_after_s is not None]
    return Phrase(purpose, outcome, min(times, default=None))


def remarks(cell: CellVerdict) -> list[str]:
    """The remarks on a cell that its cause does not tell already."""
    return [note for note in cell.notes if note not in cell.why]


def cost_words(cost: Cost) -> str:
    """What the first request after idling cost beside those before: ``1043 ms (before: 12 ms)``."""
    if cost.after_ms is None and cost.after_status is None and not cost.after_error:
        return ""
    after = milliseconds(cost.after_ms) if cost.after_ms is not None else "no answer"
    if cost.after_status is not None and cost.after_status >= 400:
        after += f", HTTP {cost.after_status}"
    before = f" (before: {milliseconds(cost.before_ms)})" if cost.before_ms is not None else ""
    return after + before


def which(cells: Sequence[CellVerdict], of: Sequence[CellVerdict], most: int) -> str:
    """The cells, by at most so many names; with their probes where those of the whole run, ``of``, are several."""
    by_probe: dict[str, list[str]] = {}
    for cell in cells:
        by_probe.setdefault(cell.probe, []).append(one_line(cell.cell))
    if len({cell.probe for cell in of}) < 2:
        return together([name for names in by_probe.values() for name in names], most)
    by_names: dict[str, list[str]] = {}
    for probe, names in by_probe.items():
        every = [one_line(cell.cell) for cell in of if cell.probe == probe]
        by_names.setdefault(_among(names, every, most), []).append(one_line(probe))
    return "; ".join(f"{names} under {listed(probes)}" for names, probes in by_names.items())


def _among(names: Sequence[str], every: Sequence[str], most: int) -> str:
    """Names of cells among all of a probe's: by what they are, or by the few that are not among them."""
    others = [name for name in every if name not in names]
    if len(names) < FEW or len(others) > MOST_OTHERS:
        return together(names, most)
    return f"all {len(every)} cells{' but ' + listed(others) if others else ''}"


def together(names: Sequence[str], most: int) -> str:
    """Names of cells as one expression with braces where they are one, else the first ``most`` of them."""
    parts = [_factors(name) for name in names]
    if len(names) > 1 and len({len(each) for each in parts}) == 1:
        choices = [list(dict.fromkeys(column)) for column in zip(*parts, strict=True)]
        if math.prod(map(len, choices)) == len(set(names)) == len(names):
            return "-".join(each[0] if len(each) == 1 else f"{{{','.join(each)}}}" for each in choices)
    rest = len(names) - most
    return f"{', '.join(names[:most])} and {rest} more" if rest > 1 else ", ".join(names)


def _factors(name: str) -> list[str]:
    """The words of a cell's name; a model of two words is one of them."""
    for model in MODELS:
        name = name.replace(model, model.replace("-", " "))
    return [each.replace(" ", "-") for each in name.split("-")]


def milliseconds(value: float) -> str:
    """A duration given in milliseconds: ``3.4 ms``, ``1043 ms``, ``30.0 s``."""
    if value >= 10_000:
        return seconds(value / 1000)
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def number(value: float) -> str:
    """A number without needless decimals: ``2``, ``0.5``."""
    return f"{value:g}"


def sentence(text: str) -> str:
    """A cause as a sentence: a capital at its beginning, a full stop at its end."""
    said = one_line(text)
    first = said.partition(" ")[0]
    head = said[:1].upper() if first.rstrip(",:;").isalpha() else said[:1]  # not the name of a package or an option
    return f"{head}{said[1:]}{'' if said.endswith(('.', '?', '!', ':')) else '.'}" if said else ""


def question(run: RunVerdict) -> str:
    """The question that the run answers."""
    count = len({cell.cell for cell in run.cells})
    which = "Does this configuration keep its" if count == 1 else f"Do these {count} configurations keep their"
    return f"{which} RabbitMQ connections {when_asked(list(dict.fromkeys(cell.probe for cell in run.cells)))}?"


def when_asked(probes: Sequence[str]) -> str:
    """Under which probes, as a question says it; more than a few are only counted."""
    others = [probe for probe in probes if probe != "idle"]
    idle = ["while nobody calls"] if len(others) < len(probes) or not others else []
    if len(others) > MOST_PROBES:
        return " and ".join([*idle, f"under {len(others)} {'other ' if idle else ''}probes"])
    return " and ".join([*idle, *([f"under {listed(others)}"] if others else [])])
