"""The minimal application beside a real one: the same cells with either, and where the verdicts agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from heartbed import applications
from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.cells.models import MODELS
from heartbed.errors import InputError
from heartbed.studies.batch import Answer, Played, answer, words
from heartbed.verdict.tries import CHANCE
from heartbed.verdict.values import CellVerdict, Outcome


@dataclass(frozen=True)
class Pair:
    """One cell with the minimal application, and the same with the real one. ``differs`` is empty where they agree."""

    release: str
    column: str
    row: str
    minimal: str
    real: str
    words: str
    real_words: str
    differs: str = ""
    unknown: str = ""
    """Why nothing can be said of one of them; empty where something can."""

    @property
    def told(self) -> str:
        """One word or two for a table: what both come to, or what each does."""
        if self.unknown:
            return "no verdict"
        return self.words if self.words == self.real_words else f"minimal {self.words}, real {self.real_words}"


def cells(releases: Sequence[str], app: str, expressions: Sequence[str] = ()) -> list[tuple[Cell, Cell]]:
    """The pairs, release by release. Raises ``InputError`` for a release in which the application cannot run."""
    asked = expressions or [f"{host}-{{{','.join(MODELS)}}}" for host in axes.DEPLOYED]
    pairs = []
    for release in releases:
        if reason := applications.refuses(app, release):
            raise InputError(reason)
        for cell in select([f"{expression}-{release}" for expression in asked]).cells:
            if cell.app != applications.DEFAULT:
                raise InputError(f"{cell.name} has an application already", hint="name cells without one")
            pairs.append((cell, replace(cell, app=app)))
    return pairs


def runnable(app: str, releases: Sequence[str]) -> list[str]:
    """The releases in which an application runs."""
    return [release for release in releases if not applications.refuses(app, release)]


def play(pairs: Sequence[tuple[Cell, Cell]], measure: Callable[[Sequence[Cell]], Played]) -> list[Pair]:
    """Play all pairs, as many at a time as the machine has room for, and compare."""
    # Twins side by side: they are opened one after the other, and idle at the same time.
    played = measure([cell for pair in pairs for cell in pair])
    return [compared(minimal, real, played) for minimal, real in pairs]


def compared(minimal: Cell, real: Cell, played: Played) -> Pair:
    """What became of the two."""
    reasons = {cell.name: _unknown(cell, played) for cell in (minimal, real)}
    verdicts = [None if why else played.verdicts[name] for name, why in reasons.items()]
    told = [words(each) if each else "no verdict" for each in verdicts]
    factors = minimal.factors
    return Pair(
        release=minimal.release,
        column=" ".join(axes.TABLE.says(factors, application=False)),
        row="-".join(axes.TABLE.says(factors, application=True)),
        minimal=minimal.name,
        real=real.name,
        words=told[0],
        real_words=told[1],
        differs=_difference(*verdicts),
        unknown="; ".join(f"{name}: {why}" for name, why in reasons.items() if why),
    )


def _unknown(cell: Cell, played: Played) -> str:
    """Why a cell has no verdict; empty where it has one."""
    verdict = played.verdicts.get(cell.name)
    if verdict is None:
        return played.missing.get(cell.name, "it was not run")
    return verdict.why if verdict.outcome is Outcome.INCONCLUSIVE else ""


def _difference(minimal: CellVerdict | None, real: CellVerdict | None) -> str:
    """What tells the two apart; empty where they agree, or where one is unknown."""
    if minimal is None or real is None or _fate(answer(minimal)) == _fate(answer(real)):
        return ""
    chance = f"; {CHANCE}" if any(each.tries and each.tries.by_chance for each in (minimal, real)) else ""
    told = f"the minimal application is {words(minimal)}, the real one {words(real)}"
    return f"{told}: {(real if real.outcome.rank <= minimal.outcome.rank else minimal).why}{chance}"


def _fate(each: Answer) -> tuple[Outcome, Mapping[str, Outcome]]:
    """What must agree: the outcome, and what became of the connections of either purpose."""
    return each.outcome, {str(purpose): outcome for purpose, outcome in each.purposes}


def verdict(pairs: Sequence[Pair]) -> Outcome:
    """``kept`` where all agree, ``failed`` where one does not, else ``inconclusive`` where one is unknown."""
    if any(each.differs for each in pairs):
        return Outcome.FAILED
    return Outcome.INCONCLUSIVE if any(each.unknown for each in pairs) or not pairs else Outcome.KEPT
