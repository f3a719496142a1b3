"""An axis: a row of the table of choices that is one question with several answers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from heartbed.cells.observed import Observed
from heartbed.cells.question import Place

NOTHING: Mapping[str, str] = MappingProxyType({})
"""That nothing else was chosen."""


def _never(chosen: object) -> str:
    del chosen
    return ""


@dataclass(frozen=True)
class Axis:
    """One question with several answers.

    ``title`` is what it is called in a sentence, and ``titles`` in one about
    these factors only. ``tokens`` maps each factor to what it means; the first
    is the default. ``servers`` are those to which the question can be put; none
    means all. ``refines`` is a factor of another axis without which there is no
    choice, because of ``why``; ``elsewhere`` maps the others of that axis to what is then the case.
    """

    name: str
    title: str
    tokens: Mapping[str, str]
    servers: tuple[str, ...] = ()
    label: str = ""
    """The noun for it, where that is not its name."""
    named: bool = False
    """Whether it is part of every cell's name; else only what is not the default is."""
    installs: bool = False
    """Whether it changes what is installed, and so is part of the image's name and an argument of its Dockerfile."""
    brings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Factor -> packages, with their versions, that are installed beside all others where it is chosen."""
    application: bool = False
    """Whether the application is told, under whatever configuration; else the testbed's own configuration is."""
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Factor -> how it is asked for; ``HEARTBED_<NAME>=<factor>`` where nothing is said."""
    observed: Observed | None = None
    """How it shows; as an option of the server's, by the axis's name, where nothing is said."""
    words: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    senseless: Callable[[Mapping[str, str]], str] = _never
    """Why what was chosen cannot exist, by axis; empty where it can."""
    lacks: Callable[[str], str] = _never
    """Why something that looks like a factor of this axis is none; empty for what does not."""
    follows: Callable[[Mapping[str, str]], str] = _never
    """The factor that what else was chosen, by axis, takes where none is named; empty for the default."""
    refined_by: Axis | None = None
    refines: str = ""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    @property
    def default(self) -> str:
        """The factor that is taken when the axis is not named."""
        return next(iter(self.tokens))

    @property
    def noun(self) -> str:
        """What it is called where there is no room for a sentence."""
        return self.label or self.name.replace("_", " ")

    @property
    def choices(self) -> tuple[str, ...]:
        """Every factor as names have it, together with what refines it."""
        finer = self.refined_by
        refined = [f"{finer.refines}-{each}" for each in finer.tokens if finer.is_said(each)] if finer else []
        return tuple(name for each in self.tokens for name in (each, *(n for n in refined if n.startswith(each))))

    def applies_to(self, server: str) -> bool:
        """Whether the question can be put to this server."""
        return not self.servers or server in self.servers

    def usual(self, chosen: Mapping[str, str]) -> str:
        """The factor that is taken beside what else was chosen, by axis, when this one is not named."""
        return self.follows(chosen) or self.default

    def is_said(self, factor: str, others: Mapping[str, str] = NOTHING) -> bool:
        """Whether this factor is part of a name in which the others are."""
        return factor in self.tokens and (self.named or factor != self.usual(others))

    def carried_by(self, factor: str) -> Mapping[str, str]:
        """The variables of the environment that ask for this factor."""
        return self.environment.get(factor, {f"HEARTBED_{self.name.upper()}": factor} if factor in self.tokens else {})

    @property
    def shows(self) -> Observed:
        """How it is observed."""
        return self.observed or Observed(self.name, (f"options.{self.name}",))

    def called(self, values: Collection[str]) -> str:
        """What the question is called in a sentence about these factors."""
        return next((title for title, among in self.titles.items() if set(values) <= {*among}), self.title)

    def value(self, factors: Mapping[str, str], cell: str = "") -> str:
        """The factor together with what refines it: ``eventlet-pthread``."""
        del cell
        value = factors.get(self.name, "")
        finer = factors.get(self.refined_by.name, "") if self.refined_by else ""
        return f"{value}-{finer}" if self.refined_by and self.refined_by.is_said(finer) else value

    def place(self, value: str) -> Place:
        """None: factors have no order."""
        del value
        return ()

    def name_of(self, first: str, last: str) -> str:
        """The factor in words."""
        del last
        return self.words.get(first, first)
