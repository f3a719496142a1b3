"""The verdict on a cell that another probe was played on again and again: every round's, and whether anything grows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from heartbed.record.event import Event
from heartbed.record.history import CellHistory, RunHistory
from heartbed.record.kinds import ProcessUsage
from heartbed.record.rounds import Round, history, rounds, whole
from heartbed.verdict import growth as growths
from heartbed.verdict.cause import Cause
from heartbed.verdict.evidence import cite, in_order
from heartbed.verdict.rules import CellRule, Rule
from heartbed.verdict.values import CellVerdict, ControlVerdict, Growth, Lag, Outcome, Tries
from heartbed.wording import count, long, seconds


def over(repeated: Rule) -> Rule:
    """The rule of a soak, from the rule of the probe that it repeats."""
    return Rule(
        cell=partial(judge, repeated.cell),
        controls=partial(_controls, repeated),
        native=repeated.native,
        of_native=partial(_each_round, repeated.cell),
    )


def _controls(repeated: Rule, run: RunHistory, lag: Lag) -> list[ControlVerdict]:
    """As in the probe that is repeated, over all rounds as one idle time."""
    return repeated.controls(replace(run, cells=[whole(cell, rounds(cell)) for cell in run.cells]), lag)


def judge(repeated: CellRule, cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell by each of its rounds and by what it held; the other arguments as for ``verdict.cell.judge``."""
    played = rounds(cell)
    if not played:
        return repeated(cell, last_t, blind)
    judged = _judged(repeated, cell, played, last_t, blind)
    measured = growths.series(cell, played)
    found = [grown for each in measured if (grown := growths.growth(each)) is not None]
    verdict = _of_rounds(judged).model_copy(update={"growth": found, "tries": _tries(judged)})
    growing = [each for each in found if each.grows]
    if growing and verdict.outcome.rank > Outcome.LEAKED.rank:
        return _leaking(verdict, cell, growing, played)
    if growing:
        return _with_notes(verdict, f"besides, it grows: {'; '.join(map(words, growing))}")
    if not found and verdict.outcome.good:
        return _too_short(verdict, played)
    return _measured(verdict, found, played)


def _each_round(repeated: CellRule, cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge by the rounds only: whatever grows, the client has met what was done in each."""
    played = rounds(cell)
    return _of_rounds(_judged(repeated, cell, played, last_t, blind)) if played else repeated(cell, last_t, blind)


def _judged(
    repeated: CellRule, cell: CellHistory, played: Sequence[Round], last_t: float, blind: str
) -> list[CellVerdict]:
    return [repeated(history(cell, played, n), min(last_t, each.done), blind) for n, each in enumerate(played)]


def _of_rounds(judged: Sequence[CellVerdict]) -> CellVerdict:
    """The worst round's, with how many fared so, and how the others did."""
    worst = min(judged, key=lambda each: each.outcome.rank)
    alike = [each for each in judged if each.outcome is worst.outcome]
    number = next(at for at, each in enumerate(judged, 1) if each is worst)
    share = f"{worst.outcome} in {len(alike)} of {count(len(judged), 'round')}"
    if worst.outcome is Outcome.KEPT:
        return worst.model_copy(update={"why": f"kept in {count(len(judged), 'round')}; in the first: {worst.why}"})
    if worst.outcome is Outcome.RECOVERED:
        slowest = max(alike, key=lambda each: each.recovered_after_s or 0.0)
        after = slowest.recovered_after_s
        at_most = f", after {seconds(after)} at the most" if after is not None else ""
        return slowest.model_copy(update={"why": f"{share}{at_most}: {slowest.why}"})
    rest = [each for each in judged if each.outcome is not worst.outcome and not each.outcome.good]
    others = f"; {len(rest)} others were {' or '.join(dict.fromkeys(r.outcome for r in rest))}" if rest else ""
    return worst.model_copy(update={"why": f"{share}{others}; first in round {number}: {worst.why}"})


def _tries(judged: Sequence[CellVerdict]) -> Tries | None:
    """Those of all rounds together."""
    made = [each.tries for each in judged if each.tries is not None]
    if not made:
        return None
    sums = {"tried": sum(each.tried for each in made), "seen": sum(each.seen for each in made)}
    return made[0].model_copy(update=sums)


def _leaking(
    verdict: CellVerdict, cell: CellHistory, growing: Sequence[Growth], played: Sequence[Round]
) -> CellVerdict:
    proof = [piece for event in _ends(cell, played[-1].asked) for piece in cite(event, _held(event))]
    fastest = next((each for each in growing if each.what == "connections"), growing[0])
    why = f"{'; '.join(map(words, growing))}, and it still grew in the second half; {verdict.why}"
    return verdict.model_copy(
        update={
            "outcome": Outcome.LEAKED,
            "cause": Cause.LEFT_OPEN if fastest.what == "connections" else Cause.GROWS,
            "why": why,
            "evidence": in_order([*verdict.evidence, *proof]),
        }
    )


def _ends(cell: CellHistory, t: float) -> list[Event[ProcessUsage]]:
    """What was measured first and last of the process that has the most memory at a moment (epoch seconds)."""
    last = max(growths.held(cell, 0.0, t), key=lambda event: growths.memory(event.data), default=None)
    measured = [event for event in cell.of(ProcessUsage) if last is not None and event.pid == last.pid]
    return [measured[0], last] if last is not None else []


def _held(event: Event[ProcessUsage]) -> str:
    data = event.data
    mib = growths.memory(data) / 2**20
    return f"process {event.pid} holds {data.descriptors} file descriptors, {data.threads} threads, {mib:.1f} MiB"


def _too_short(verdict: CellVerdict, played: Sequence[Round]) -> CellVerdict:
    why = (
        f"{count(len(played), 'round')} in {long(played[-1].done - played[0].begun)} are too few to tell whether it "
        f"grows, which takes {growths.FEWEST}: let it go on for longer (--for); {verdict.why}"
    )
    changed = {"outcome": Outcome.INCONCLUSIVE, "cause": Cause.SHORT_OBSERVATION, "why": why}
    return verdict.model_copy(update=changed)


def _measured(verdict: CellVerdict, found: Sequence[Growth], played: Sequence[Round]) -> CellVerdict:
    """The verdict with what was measured, and for how long."""
    if not found:
        return verdict
    told = "; ".join(map(words, found))
    note = f"measured at the end of {count(len(played), 'idle time')} over {long(found[0].over_s)}: {told}"
    unseen = [what for what, _, _ in growths.USED if what not in {each.what for each in found}]
    more = [f"not measured: {', '.join(unseen)}"] if unseen else []
    if not verdict.outcome.good:
        return _with_notes(verdict, note, *more)
    return _with_notes(verdict.model_copy(update={"why": f"{verdict.why}; {_level(found)}: {note}"}), *more)


def _level(found: Sequence[Growth]) -> str:
    """That nothing grows; or what did, by less than a leak is told by."""
    rising = [each.what for each in found if each.low > 0]
    if not rising:
        return "nothing grows"
    return f"{' and '.join(rising)} grew, by too little in this time to tell a leak from a start (--for longer)"


def _with_notes(verdict: CellVerdict, *notes: str) -> CellVerdict:
    return verdict.model_copy(update={"notes": [*verdict.notes, *notes]})


def words(grown: Growth) -> str:
    """``memory 41.2 MiB, +0.3 MiB an hour (-0.1 to 0.8)``."""
    scale, unit = (2**20, " MiB") if grown.unit == growths.OCTETS else (1, "")
    held = f"{grown.last / scale:.1f}{unit}" if unit else f"{grown.last:.0f}"
    per_hour, low, high = (_rounded(value / scale) for value in (grown.per_hour, grown.low, grown.high))
    return f"{grown.what} {held}, {'' if per_hour.startswith('-') else '+'}{per_hour}{unit} an hour ({low} to {high})"


def _rounded(value: float) -> str:
    """To whole numbers from ten on, else to one decimal, where that says anything."""
    text = f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}"
    return "0" if float(text) == 0 else text


RULE = Rule(over=over)
