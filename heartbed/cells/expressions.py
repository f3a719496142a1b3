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

import bracex

from heartbed.cells.axes import (
    AXES,
    DEFAULT_OSLO,
    LIBRARIES,
    MAIN_AXES,
    OPTION_AXES,
    PARAMETERS,
    VERSIONED,
    Axis,
    Parameter,
)
from heartbed.cells.cell import Cell
from heartbed.errors import InputError
from heartbed.versions.releases import RELEASES

__all__ = [
    "AXES",
    "COMPARISON",
    "DEFAULT_OSLO",
    "LIBRARIES",
    "PARAMETERS",
    "Axis",
    "Cell",
    "Parameter",
    "Selection",
    "select",
    "usage",
]

MOST_CELLS = 1000

COMPARISON = ("{prefork,event}-{embedded,daemon}-{eventlet,eventlet-pthread,native}",)
"""The twelve cells of ``make compare``."""

EMPTY_ALTERNATIVE = re.compile(r"[{,]\s*[,}]")
NUMBERED = re.compile(r"([a-z]+)(-?\d+)\Z")


@dataclass(frozen=True)
class Selection:
    """What a list of expressions stands for: the cells, and those left out with the reason."""

    cells: tuple[Cell, ...]
    left_out: tuple[tuple[str, str], ...] = ()

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
            reason = _senseless(draft)
            if reason:
                left_out[text] = reason
            else:
                cells[_cell(draft)] = None
    if not cells:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise InputError(f"no cell is left: {reasons}" if reasons else "no cell was named", hint=usage())
    return Selection(tuple(cells), tuple(left_out.items()))


def _expand(expression: str) -> list[str]:
    if not expression.strip():
        raise InputError("an empty cell expression", hint=usage())
    if EMPTY_ALTERNATIVE.search(expression):
        raise InputError(f"an empty factor in {expression!r}", hint=usage())
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
    for axis in AXES:
        if token in axis.tokens:
            draft.choose(axis.name, token, token)
            return
    if token in RELEASES:
        draft.choose("release", token, token)
        return
    if versioned := VERSIONED.match(token):
        draft.choose(versioned.group(1), token, versioned.group(2))
        return
    match = NUMBERED.match(token)
    parameter = next((p for p in PARAMETERS if match and p.name == match.group(1)), None)
    if match is None or parameter is None:
        raise _unknown(token, draft.text)
    number = int(match.group(2))
    if not parameter.least <= number <= parameter.most:
        raise InputError(
            f"{token!r} in {draft.text!r}: {parameter.name} ({parameter.meaning}) "
            f"goes from {parameter.least} to {parameter.most}"
        )
    draft.choose(parameter.name, token, str(number))


def _unknown(token: str, text: str) -> InputError:
    words = {word: axis.name for axis in AXES for word in axis.tokens}
    words |= dict.fromkeys(RELEASES, "release")
    numbered = {parameter.name: f"{parameter.name}4" for parameter in PARAMETERS}
    numbered |= {library.word: f"{library.word}{library.default}" for library in LIBRARIES if library.word not in words}
    stem = re.sub(r"[=:]?-?[\d.]+\Z", "", token)
    everything = [*words, *numbered]
    nearest = difflib.get_close_matches(token, everything, n=1, cutoff=0.5)
    nearest = nearest or difflib.get_close_matches(stem, everything, n=1)
    message = f"unknown factor {token!r} in {text!r}"
    if not nearest:
        return InputError(message, hint=usage())
    word = nearest[0]
    if word in numbered:
        return InputError(f"{message}; did you mean {word!r} with its number, as in {numbered[word]!r}?", hint=usage())
    axis = words[word]
    valid = RELEASES if axis == "release" else next(a for a in AXES if a.name == axis).tokens
    return InputError(f"{message}; did you mean {word!r}? {axis}: {', '.join(valid)}", hint=usage())


def usage() -> str:
    """The valid factors, an axis a phrase."""
    axes = "; ".join(f"{axis.name}: {' '.join(axis.tokens)}" for axis in AXES)
    libraries = " ".join(f"{library.word}<version>" for library in LIBRARIES)
    parameters = " ".join(f"{parameter.name}<n>" for parameter in PARAMETERS)
    releases = f"; releases: {' '.join(RELEASES)}" if RELEASES else ""
    return f"valid factors: {axes}; libraries: {libraries}{releases}; parameters: {parameters}"


def _senseless(draft: _Draft) -> str:
    """Why this combination cannot exist; empty when it can."""
    chosen = draft.chosen
    if chosen.get("model") == "native" and "thread" in chosen:
        return "a native application has OS threads only: there is no choice of heartbeat thread"
    server = chosen.get("server", MAIN_AXES[0].default)
    for axis in AXES:
        if axis.name in chosen and not axis.applies_to(server):
            return f"{chosen[axis.name]} ({axis.name}) is for {', '.join(axis.servers)}; {server} has no such choice"
    mode = chosen.get("mode", MAIN_AXES[1].default)
    if server == "prefork" and mode == "embedded" and int(chosen.get("threads", 1)) > 1:
        return "a prefork child has one thread; threads belong to event, worker or daemon mode"
    return _senseless_threads(chosen, server)


def _senseless_threads(chosen: dict[str, str], server: str) -> str:
    if "mod_wsgi" in chosen and not MAIN_AXES[1].applies_to(server):
        return f"{server} does without mod_wsgi"
    if server == "gunicorn" and chosen.get("worker_class") == "sync" and int(chosen.get("threads", 1)) > 1:
        return "gunicorn's sync workers have one thread"
    return ""


def _cell(draft: _Draft) -> Cell:
    chosen = draft.chosen
    server, mode, model, thread = (chosen.get(axis.name, axis.default) for axis in MAIN_AXES)
    processes, threads, heartbeat_s = (
        int(chosen[parameter.name]) if parameter.name in chosen else None for parameter in PARAMETERS
    )
    release = RELEASES.get(chosen.get("release", ""))
    named = tuple(each.word for each in LIBRARIES if each.word in chosen)
    runs = release.runs if release else {}
    versions = {each.word: runs[each.package] for each in LIBRARIES if each.package in runs}
    versions |= {word: chosen[word] for word in named}
    oslo = versions.pop("oslo", DEFAULT_OSLO)
    defaults = {each.word: each.default for each in LIBRARIES}
    return Cell(
        server,
        mode if MAIN_AXES[1].applies_to(server) else "",
        model,
        thread,
        oslo,
        processes,
        threads,
        heartbeat_s,
        options=tuple(chosen[axis.name] for axis in OPTION_AXES if chosen.get(axis.name, axis.default) != axis.default),
        libraries=tuple((word, versions[word]) for word in sorted(versions) if versions[word] != defaults[word]),
        release=release.name if release else "",
        named=named if release else (),
    )
