"""What every kind of study tells the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from heartbed.verdict.values import Outcome, RunVerdict


@dataclass(frozen=True)
class Named:
    """A cell under a probe, in whichever of the study's runs; without a probe the first that it was played under."""

    cell: str
    probe: str = ""
    caption: str = ""
    outcome: Outcome | None = None
    """What became of it, where it was played more than once."""


class Part(BaseModel):
    """A piece of what a study tells. What a newer program adds to it is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class About(Part):
    """What a run was made for. It lies beside the record as ``FILE``."""

    FILE: ClassVar[str]
    TEMPLATE: ClassVar[str]
    """The beginning of the names of its templates: what to do comes first on the page, what was assumed last."""

    CHAPTER: ClassVar[str]
    """What the part of the page is called that tells what it came to."""

    beside: Sequence[str] = ()
    """The study's runs before this one, by name."""

    def as_json(self) -> str:
        """What is written into ``FILE``."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"

    @property
    def has_chapter(self) -> bool:
        """Whether there is such a part."""
        return True

    @property
    def runs(self) -> Sequence[str]:
        """All other runs of the study, by name."""
        return self.beside

    @property
    def kicker(self) -> str:
        """What the page is a report of, in a few words."""
        raise NotImplementedError

    def question(self, run: RunVerdict) -> str:
        """What was to be found out."""
        raise NotImplementedError

    def answer(self, run: RunVerdict) -> str:
        """What it came to, in a sentence or two."""
        return run.answer

    @property
    def because(self) -> str:
        """What the answer follows from, where that is one thing and not in it."""
        return ""

    def outcome(self, run: RunVerdict) -> str:
        """The outcome whose sign stands beside the answer."""
        return str(run.outcome)

    def timelines(self) -> Sequence[Named]:
        """The cells whose timelines tell the most, two at the most; none where the cells themselves decide."""
        return ()
