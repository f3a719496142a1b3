"""The brace expressions that name cells.

An expression is a list of factors joined with dashes; braces stand for
alternatives, as in a shell: ``{prefork,event}-{embedded,daemon}-native``. Every
factor belongs to exactly one axis, so their order does not matter and an axis
that is not named takes its default.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import bracex

from heartbed.cells import axes, python
from heartbed.cells.axes import COMPARISON, DEFAULT_OSLO
from heartbed.cells.cell import FIELDS, Cell
from heartbed.errors import InputError
from heartbed.versions.releases import RELEASES

__all__ = ["COMPARISON", "DEFAULT_OSLO", "Cell", "Selection", "default_cell", "select", "usage"]

MOST_CELLS = 1000
DEEPEST_BRACES = 50
"""Braces within one another: far fewer than Python's stack has room for."""

EMPTY_ALTERNATIVE = re.compile(r"[{,]\s*[,}]")
LISTED = "`heartbed cells` lists all factors and what they mean"
NUMBERED = re.compile(r"([a-z]+)(-?\d+)\Z")


@dataclass(frozen=True)
class Selection:
    """What a list of expressions stands for: the cells, and those left out with the reason.

    ``optional`` are the names of cells without which the others are played where they do not start.
    """

    cells: tuple[Cell, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    optional: frozenset[str] = frozenset()

    @property
    def notes(self) -> list[str]:
        """Where a cell is not quite what its name says: ``train: kombu 5.3.0 for 4.6.6, ...``."""
        return [told for told in dict.fromkeys(cell.stands_in for cell in self.cells) if told]


@dataclass
class _Draft:
    """The factors of one expanded expression, axis by axis."""

    text: str
    chosen: dict[str, str] = field(default_factory=dict)

    def choose(self, axis: str, token: str, value: str) -> None:
        if axis in self.chosen:
            raise InputError(
                f"two factors of the axis {axis!r} in {self.text!r}: {self.chosen[axis]!r} and {token!r}",
                hint="name each axis once, or give alternatives in braces: {a,b}",
            )
        self.chosen[axis] = value


def select(expressions: Sequence[str]) -> Selection:
    """Cells that the expressions name, each once, in the order given.

    Combinations that make no sense are left out and told. Raises
    ``InputError`` for an empty expression, an unknown, doubled or absurd
    factor, and when nothing remains.
    """
    cells: dict[Cell, None] = {}
    left_out: dict[str, str] = {}
    for expression in expressions:
        for text in _expand(expression):
            draft = _parse(text)
            reason = axes.TABLE.senseless(draft.chosen)
            if reason:
                left_out[text] = reason
            else:
                cells[_cell(draft)] = None
    if not cells:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"no cell is left: {reasons}" if reasons else "no cell was named", hint=usage())
    return Selection(tuple(cells), tuple(left_out.items()))


def default_cell() -> Cell:
    """The cell in which nothing was chosen."""
    (found,) = select([axes.TABLE.axis("server").default]).cells
    return found


def _expand(expression: str) -> list[str]:
    if not expression.strip():
        raise InputError("an empty cell expression", hint=usage())
    if EMPTY_ALTERNATIVE.search(expression):
        raise InputError(f"an empty factor in {expression!r}", hint=usage())
    steps = [{"{": 1, "}": -1}.get(each, 0) for each in expression]
    if sum(steps):
        wrong = "is not closed" if sum(steps) > 0 else "was never opened"
        hint = "alternatives are written as {a,b}, in quotes for the shell"
        raise InputError(f"a brace {wrong} in {expression[:60]!r}", hint=hint)
    if max(accumulate(steps, lambda depth, step: max(0, depth + step), initial=0)) > DEEPEST_BRACES:
        raise InputError(f"more than {DEEPEST_BRACES} braces within one another in {expression[:60]!r}", hint=usage())
    try:
        return [text.strip() for text in bracex.expand(expression, limit=MOST_CELLS)]
    except bracex.ExpansionLimitException:
        raise InputError(
            f"{expression!r} stands for more than {MOST_CELLS} cells", hint="name fewer alternatives"
        ) from None


def _parse(text: str) -> _Draft:
    draft = _Draft(text)
    for token in text.split("-"):
        _place(draft, token)
    return draft


def _place(draft: _Draft, token: str) -> None:
    if not token:
        raise InputError(f"an empty factor in {draft.text!r}", hint=usage())
    if axis := axes.TABLE.axis_of(token):
        draft.choose(axis.name, token, token)
        return
    if token in RELEASES:
        draft.choose("release", token, token)
        return
    if versioned := axes.TABLE.versioned.match(token):
        draft.choose(versioned.group(1), token, versioned.group(2))
        return
    match = NUMBERED.match(token)
    parameter = next((p for p in axes.TABLE.parameters if match and p.name == match.group(1)), None)
    if match is None or parameter is None:
        raise _lacking(token, draft.text) or _unknown(token, draft.text)
    number = int(match.group(2)[:20])  # more digits than any limit has
    if not parameter.least <= number <= parameter.most:
        raise InputError(
            f"{token!r} in {draft.text!r}: {parameter.name} ({parameter.meaning}) "
            f"goes from {parameter.least} to {parameter.most}"
        )
    draft.choose(parameter.name, token, str(number))


def _lacking(token: str, text: str) -> InputError | None:
    """The error for what an axis would have if it could; None for anything else."""
    reason = next((why for axis in axes.TABLE.axes if (why := axis.lacks(token))), "")
    return InputError(f"no factor {token!r} in {text!r}: {reason}") if reason else None


def _unknown(token: str, text: str) -> InputError:
    table = axes.TABLE
    words = {word: axis.name for axis in table.axes for word in axis.tokens}
    words |= dict.fromkeys(RELEASES, table.releases.name)
    numbered = {parameter.name: f"{parameter.name}4" for parameter in table.parameters}
    numbered |= {each.word: f"{each.word}{each.default}" for each in table.libraries if each.word not in words}
    stem = re.sub(r"[=:]?-?[\d.]+\Z", "", token)
    everything = [*words, *numbered]
    nearest = difflib.get_close_matches(token, everything, n=1)
    nearest = nearest or difflib.get_close_matches(stem, everything, n=1)
    message = f"unknown factor {token!r} in {text!r}"
    if not nearest:
        return InputError(message, hint=usage())
    word = nearest[0]
    if word in numbered:
        return InputError(f"{message}; did you mean {word!r} with its number, as in {numbered[word]!r}?", hint=LISTED)
    axis = table.axis_of(word)
    valid = axis.tokens if axis else RELEASES
    return InputError(f"{message}; did you mean {word!r}? {words[word]}: {', '.join(valid)}", hint=LISTED)


def usage() -> str:
    """The valid factors, an axis a phrase."""
    table = axes.TABLE
    told = "; ".join(f"{axis.name}: {' '.join(axis.tokens)}" for axis in table.axes)
    libraries = " ".join(f"{library.word}<version>" for library in table.libraries)
    parameters = " ".join(f"{parameter.name}<n>" for parameter in table.parameters)
    releases = f"; releases: {' '.join(RELEASES)}" if RELEASES else ""
    return f"valid factors: {told}; libraries: {libraries}{releases}; parameters: {parameters}"


def _cell(draft: _Draft) -> Cell:
    chosen, table = draft.chosen, axes.TABLE
    release = RELEASES.get(chosen.get(table.releases.name, ""))
    of_release = release.name if release else ""
    factors = {axis.name: chosen.get(axis.name, axis.usual(chosen)) for axis in table.axes}
    fields: dict[str, Any] = {
        name: factors[name] if table.axis(name).applies_to(factors["server"]) else "" for name in FIELDS
    }
    numbers = {each.name: int(chosen[each.name]) for each in table.parameters if each.name in chosen}
    named = tuple(each.word for each in table.libraries if each.word in chosen)
    on = python.of(factors[python.WORD])
    usual = {each.word: on.usual.get(each.package, each.default) for each in table.libraries}
    runs = release.runs(on.version) if release else {}
    versions = {each.word: runs[each.package] for each in table.libraries if each.package in runs}
    versions |= {word: chosen[word] for word in named}
    oslo = versions.pop("oslo", usual["oslo"])
    return Cell(
        **fields,
        oslo=oslo,
        processes=numbers.pop("processes", None),
        threads=numbers.pop("threads", None),
        heartbeat_s=numbers.pop("heartbeat", None),
        options=tuple(factors[a.name] for a in table.axes if a.name not in FIELDS and factors[a.name] != a.default),
        libraries=tuple((w, versions[w]) for w in sorted(versions) if versions[w] != usual[w]),
        release=of_release,
        named=named if release else (),
        numbers=tuple(numbers.items()),
    )
