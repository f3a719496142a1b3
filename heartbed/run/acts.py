"""What is played at a time, where all of it would not fit into the machine's memory, or get in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import psutil

from heartbed import probes
from heartbed.cells.subject import Subject
from heartbed.stage.probe import Disturbs

MOST_AT_ONCE = 48
"""Cells that meet a fault of the broker's in the same moment. Of 189 that met one on two cores, 43 had no verdict:
those opened first had lost their connections before it began, and the others opened theirs again all at once."""

SPARED = 0.1
"""The part of the memory that could be had which is left alone."""


def available_octets() -> int:
    """Memory that programs can still have on this machine: what only caches files can be had too."""
    return int(psutil.virtual_memory().available)


def divided(
    subjects: Sequence[Subject], held_by: Callable[[Sequence[Subject]], int], octets: int
) -> tuple[Subject, ...]:
    """The same subjects, in as many acts that each fits into so much memory; a cell stays with its copies.

    ``held_by`` tells what those of an act hold at the most at a time, all of them or one cell. While the cells of one
    act idle those of the next are started, so that two acts must fit.
    """
    room = octets * (1 - SPARED)
    asked = by_act(subjects)
    if sum(map(held_by, asked)) > room:
        room /= 2
    acts: dict[str, int] = {}
    number = 0
    for act in asked:
        number, held, cells, fits = number + 1, 0, 0, held_by(act) <= room
        for together in _grouped(act, lambda each: each.cell.name):
            own = held_by(together)
            if cells and ((held + own > room and not fits) or cells + len(together) > _most(together)):
                number, held, cells = number + 1, 0, 0
            held, cells = held + own, cells + len(together)
            acts |= dict.fromkeys((each.name for each in together), number)
    return tuple(replace(each, act=acts[each.name]) for each in subjects)


def by_act(subjects: Iterable[Subject]) -> list[list[Subject]]:
    """The subjects of each act, in the order of the acts' first ones."""
    return _grouped(subjects, lambda each: each.act)


def _grouped(subjects: Iterable[Subject], by: Callable[[Subject], object]) -> list[list[Subject]]:
    """Those that have something in common, in the order in which the first of each came."""
    found: dict[object, list[Subject]] = {}
    for each in subjects:
        found.setdefault(by(each), []).append(each)
    return [*found.values()]


def _most(subjects: Iterable[Subject]) -> float:
    meets_a_fault = any(probes.played(each.scenario).disturbs is Disturbs.BROKER for each in subjects)
    return MOST_AT_ONCE if meets_a_fault else float("inf")
