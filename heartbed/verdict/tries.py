"""How often it was tried whether a request hangs, where chance decides, and what that comes to.

A hang that was seen once is proven. One that was not seen is not ruled out:
the more often it was tried, the rarer it must be.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from heartbed.cells import locks
from heartbed.record.history import CellHistory
from heartbed.verdict.cause import Cause
from heartbed.verdict.finding import Finding
from heartbed.verdict.values import Burst, CellVerdict, Outcome, Tries
from heartbed.wording import count

BURST, PLAY = "burst", "play"
"""What is tried."""

CHANCE = (
    "whether it hangs is a matter of chance, and another play may end otherwise: several OS threads of a process use "
    "eventlet's locks"
)

SURE = 0.95
"""How certain it must be that a hang would have been seen."""


def by_chance(cell: CellHistory) -> bool:
    """Whether another try may end otherwise."""
    return locks.shared(cell.asked.factors, cell.asked.threads)


def of_play(cell: CellHistory, outcome: Outcome) -> Tries | None:
    """A probe as a whole as one try, where chance decides."""
    if not by_chance(cell) or outcome is Outcome.INCONCLUSIVE:
        return None
    return Tries(what=PLAY, tried=1, seen=int(outcome is Outcome.HUNG), by_chance=True)


def notes(cell: CellHistory, found: Finding) -> list[str]:
    """That another play may end otherwise, where what was found is a matter of chance."""
    hung = found.outcome is Outcome.HUNG or found.cause is Cause.DEADLOCK
    return [CHANCE] if hung and by_chance(cell) else []


def of_bursts(cell: CellHistory, bursts: Sequence[Burst]) -> Tries | None:
    """Each burst as a try; None where none was sent."""
    if not bursts:
        return None
    hung = sum(bool(burst.hung) for burst in bursts)
    return Tries(what=BURST, tried=len(bursts), seen=hung, by_chance=by_chance(cell))


def enough(share: float) -> int:
    """How many tries see a hang with certainty ``SURE`` that comes in this share of them."""
    return 1 if share >= SURE else math.ceil(math.log(1 - SURE) / math.log(1 - share))


def words(tries: Tries) -> str:
    """What the tries come to: ``3 of 15 bursts hung``, or how rare a hang must be that was not seen."""
    if tries.seen:
        return f"{tries.seen} of {count(tries.tried, tries.what)} hung"
    # Of a hang in every n-th burst, none is seen in so many tries with a chance of less than 1 in 20.
    at_most = 1 - (1 - SURE) ** (1 / tries.tried)
    rarer = math.floor(1 / at_most)
    known = (
        f"one that comes in every {tries.what}" if rarer < 2 else f"one that comes in every {_nth(rarer)} {tries.what}"
    )
    return f"none of {count(tries.tried, tries.what)} hung, and {known} would have been seen, with {SURE:.0%} certainty"


def _nth(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else endings.get(number % 10, 'th')}"


def together(copies: Sequence[CellVerdict]) -> CellVerdict:
    """The verdict on a cell that was played in several copies: that of the copy that fared worst.

    One that is inconclusive is no try; it is told, and decides only where no other does.
    """
    known = [each for each in copies if each.outcome is not Outcome.INCONCLUSIVE]
    if len(copies) == 1 or not known:
        return copies[0]
    worst = min(known, key=lambda each: each.outcome.rank)
    all_tries = [each.tries for each in known if each.tries is not None]
    sums = {name: sum(getattr(each, name) for each in all_tries) for name in ("tried", "seen")}
    tries = all_tries[0].model_copy(update=sums)
    unknown = [f"one of {len(copies)} copies has no verdict: {each.why}" for each in copies if each not in known]
    bursts = _numbered([burst for each in known for burst in each.bursts])
    told = f"{words(tries)}; in one copy of the cell {worst.why}"
    why = told if tries.seen else f"{worst.why}; in {len(known)} copies of the cell {words(tries)}"
    notes = [*worst.notes, *dict.fromkeys(unknown)]
    return worst.model_copy(update={"tries": tries, "bursts": bursts, "why": why, "notes": notes})


def _numbered(bursts: Sequence[Burst]) -> list[Burst]:
    """The same bursts, each with its number among those of its name."""
    seen: Counter[str] = Counter()
    numbered = []
    for burst in bursts:
        seen[burst.name] += 1
        numbered.append(burst.model_copy(update={"attempt": seen[burst.name]}))
    return numbered
