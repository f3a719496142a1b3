"""The shortest list of conditions that tells the cells which are kept from the others.

A rule is a list of terms, each some conditions that hold together: ``native threads; eventlet with heartbeat_in_pthread
and oslo.messaging 14.3.0 to 17.3.2``. It is found by looking through all short ones, and describes these cells and no
others: nothing is said of a configuration that was not played. Where a longer list would be needed only for a few
cells, these are its exceptions and are named.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from heartbed.cells.question import Question
from heartbed.verdict.values import CellVerdict

MOST_TERMS = 6
"""A longer list is no rule that anybody would remember."""

DEAREST = 20
"""Likewise one that costs more, without its exceptions: six terms are short ones."""

MOST_CONDITIONS = 3
"""In a term."""

CELLS_AN_EXCEPTION = 20
"""Cells of which one may be an exception: of fewer, every one is part of the rule."""

TRIED = 120
"""Terms that are tried, those that tell most cells first."""

LEAST = 3
"""What the cheapest term costs."""

EXCEPTION = 5
"""What an exception costs, where a condition costs 1 and a term 2: more than a term of two conditions."""

Cells = int
"""A set of cells: a bit for each, by its place in the list."""


@dataclass(frozen=True)
class Term:
    """Conditions that hold together, in words, and the cells that meet them."""

    words: tuple[str, ...]
    cells: Cells

    @property
    def cost(self) -> int:
        """How much there is to remember."""
        return 2 + len(self.words)

    def __str__(self) -> str:
        return " and ".join(self.words)


@dataclass(frozen=True)
class Rule:
    """Which cells there are of one kind, and the cells of which it is not true."""

    terms: tuple[Term, ...]
    exceptions: tuple[str, ...]
    cost: int

    def __str__(self) -> str:
        return "; ".join(map(str, self.terms))


def smallest_rule(cells: Sequence[CellVerdict], questions: Collection[Question], *, good: bool) -> Rule | None:
    """The shortest rule for the cells that are good, or for those that are not; None where no short one fits."""
    wanted = sum(1 << place for place, cell in enumerate(cells) if cell.outcome.good is good)
    allowed = len(cells) // CELLS_AN_EXCEPTION
    found = [_exact(_terms(cells, questions, wanted, 0), wanted)]
    if allowed:
        useful = _terms(cells, questions, wanted, allowed)
        found.append(_improved(_greedy(useful, wanted, allowed), useful, wanted))
    terms = min(filter(None, found), key=lambda each: _cost(each, wanted), default=None)
    if terms is None:
        return None
    wrong = _wrong(terms, wanted)
    names = tuple(cell.cell for place, cell in enumerate(cells) if wrong >> place & 1)
    ordered = tuple(sorted(terms, key=lambda term: (term.cost, -term.cells.bit_count())))
    return Rule(ordered, names, _cost(terms, wanted))


def _wrong(terms: Iterable[Term], wanted: Cells) -> Cells:
    """The cells of which a list is not true."""
    return functools.reduce(operator.or_, (term.cells for term in terms), 0) ^ wanted


def _cost(terms: Sequence[Term], wanted: Cells) -> int:
    return sum(term.cost for term in terms) + EXCEPTION * _wrong(terms, wanted).bit_count()


def _conditions(cells: Sequence[CellVerdict], question: Question) -> Iterator[Term]:
    """One for each answer, and for each row of neighbouring ones where they have an order."""
    answers: dict[str, Cells] = {}
    for place, cell in enumerate(cells):
        answer = question.value(cell.factors, cell.cell)
        if answer:
            answers[answer] = answers.get(answer, 0) | 1 << place
    for answer, which in answers.items():
        yield Term((question.name_of(answer, answer),), which)
    ordered = sorted((answer for answer in answers if question.place(answer)), key=question.place)
    for first, last in itertools.combinations(range(len(ordered)), 2):
        which = sum(answers[answer] for answer in ordered[first : last + 1])
        yield Term((question.name_of(ordered[first], ordered[last]),), which)


def _terms(cells: Sequence[CellVerdict], questions: Collection[Question], wanted: Cells, exceptions: int) -> list[Term]:
    """The terms that are met by hardly any cell but those wanted, the telling and short ones first."""
    every = (1 << len(cells)) - 1
    conditions = [[each for each in _conditions(cells, question) if each.cells != every] for question in questions]
    useful: dict[Cells, Term] = {}
    for size in range(1, MOST_CONDITIONS + 1):
        for several in itertools.combinations(conditions, size):
            for parts in itertools.product(*several):
                met = every
                for part in parts:
                    met &= part.cells
                others = (met & ~wanted).bit_count()
                if met & wanted and others <= exceptions and others < (met & wanted).bit_count():
                    useful.setdefault(met, Term(tuple(word for part in parts for word in part.words), met))
    telling = sorted(useful.values(), key=lambda each: (-(each.cells & wanted).bit_count(), each.cost))
    needed: list[Term] = []
    for term in telling:
        # One that is met by fewer cells than another, and is no shorter, serves nothing, unless it is more exact.
        if not any(_serves_better(other, term, wanted) for other in needed):
            needed.append(term)
        if len(needed) == TRIED:
            break
    return needed


def _serves_better(one: Term, other: Term, wanted: Cells) -> bool:
    """Whether the one is met by all wanted cells that meet the other, by no more unwanted ones, and is no longer."""
    covers = not other.cells & wanted & ~one.cells
    exact = not one.cells & ~wanted & ~other.cells
    return covers and exact and one.cost <= other.cost


def _greedy(terms: Sequence[Term], wanted: Cells, allowed: int) -> tuple[Term, ...] | None:
    """Term by term the one that tells most for what it costs; None where that leaves more exceptions than allowed."""
    chosen: tuple[Term, ...] = ()
    told = 0
    while len(chosen) < MOST_TERMS and (missing := wanted & ~told):
        gains = [
            (
                (each.cells & missing).bit_count() - EXCEPTION * (each.cells & ~wanted & ~told).bit_count() - each.cost,
                each,
            )
            for each in terms
        ]
        gain, best = max(gains, key=lambda each: each[0], default=(0, None))
        if best is None or (gain <= 0 and missing.bit_count() <= allowed):
            break
        chosen, told = (*chosen, best), told | best.cells
    return chosen if chosen and (told ^ wanted).bit_count() <= allowed else None


def _improved(chosen: tuple[Term, ...] | None, terms: Sequence[Term], wanted: Cells) -> tuple[Term, ...] | None:
    """One term after another changed for any that makes the whole cheaper, until none does."""
    while chosen:
        others = ((*chosen[:place], term, *chosen[place + 1 :]) for place in range(len(chosen)) for term in terms)
        better = min(others, key=lambda each: _cost(each, wanted), default=chosen)
        if _cost(better, wanted) >= _cost(chosen, wanted):
            break
        chosen = better
    return chosen


def _exact(terms: Sequence[Term], wanted: Cells) -> tuple[Term, ...] | None:
    """The cheapest list that tells the wanted cells and no other: branch and bound, over the first not yet told."""
    best, limit = _greedy(terms, wanted, 0), DEAREST + 1
    cheapest = sum(term.cost for term in best) if best else limit
    seen: dict[Cells, int] = {}

    def extend(chosen: tuple[Term, ...], told: Cells, cost: int) -> None:
        nonlocal best, cheapest
        missing = wanted & ~told
        if cost + (LEAST if missing else 0) >= cheapest or seen.get(told, limit) <= cost:
            return
        seen[told] = cost
        if not missing:
            best, cheapest = chosen, cost
        elif len(chosen) < MOST_TERMS:
            for term in terms:
                if term.cells & missing & -missing:
                    extend((*chosen, term), told | term.cells, cost + term.cost)

    extend((), 0, 0)
    return best
