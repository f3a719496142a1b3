"""What is played at a time, where all of it would not fit into the machine's memory, or get in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby

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


def divided(subjects: Sequence[Subject], octets_of: Callable[[Subject], int], octets: int) -> tuple[Subject, ...]:
    """The same subjects, with acts of which each fits into so much memory; a cell stays with its copies.

    Of those acts the cells of one are started while those before it idle, so that two of them must fit.
    """
    room = octets * (1 - SPARED)
    if sum(map(octets_of, subjects)) > room:
        room /= 2
    found: list[Subject] = []
    number = 0
    for _, act in groupby(sorted(subjects, key=lambda each: each.act), key=lambda each: each.act):
        number += 1
        weight, count = 0.0, 0
        for together in _by_cell(act):
            own = sum(map(octets_of, together))
            if count and (weight + own > room or count + len(together) > _most(together)):
                number, weight, count = number + 1, 0.0, 0
            weight, count = weight + own, count + len(together)
            found += [replace(each, act=number) for each in together]
    order = {(each.name): at for at, each in enumerate(subjects)}
    return tuple(sorted(found, key=lambda each: order[each.name]))


def _by_cell(act: Sequence[Subject] | object) -> list[list[Subject]]:
    found: dict[str, list[Subject]] = {}
    for each in act:  # type: ignore[attr-defined]
        found.setdefault(each.cell.name, []).append(each)
    return [*found.values()]


def _most(subjects: Sequence[Subject]) -> float:
    broker = any(probes.played(each.scenario).disturbs is Disturbs.BROKER for each in subjects)
    return MOST_AT_ONCE if broker else float("inf")
