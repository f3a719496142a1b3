"""A search for the release, or the commit, with which the verdict on a cell changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from heartbed.report.about.base import About, Named, Part
from heartbed.report.words import sentence
from heartbed.verdict.values import Outcome, RunVerdict


class Step(Part):
    """A release or commit that was tried, or skipped: then it has no outcome."""

    version: str
    words: str
    outcome: Outcome | None = None
    cause: str = ""
    cell: str = ""
    subject: str = ""


class Bisect(About):
    """What a search has come to."""

    FILE: ClassVar[str] = "bisect.json"
    TEMPLATE: ClassVar[str] = "bisect"
    CHAPTER: ClassVar[str] = "Where it changes"

    package: str
    what: str = "release"
    subject: str
    before: Step
    after: Step
    steps: Sequence[Step]
    said: Sequence[str]
    """What it has come to in sentences, the first of which is the answer."""

    @property
    def kicker(self) -> str:
        """What was searched."""
        return f"Heartbed bisect of {self.package}"

    def question(self, run: RunVerdict) -> str:  # noqa: ARG002  # a search asks the same of every run
        """With which one it changes."""
        return f"With which {self.what} of {self.package} does the verdict on {self.subject} change?"

    def answer(self, run: RunVerdict) -> str:  # noqa: ARG002
        """The first sentence."""
        change = f"from {self.before.words} to {self.after.words}"
        return sentence(f"{self.said[0].rstrip('.:')}, {change}" if self.said else change)

    def outcome(self, run: RunVerdict) -> str:  # noqa: ARG002
        """That after the change."""
        return str(self.after.outcome or Outcome.INCONCLUSIVE)

    def timelines(self) -> Sequence[Named]:
        """The last before the change, and the first after it."""
        ends = (self.before, self.after)
        return [Named(each.cell, caption=f"{self.package} {each.version}", outcome=each.outcome) for each in ends]


ABOUT = Bisect
