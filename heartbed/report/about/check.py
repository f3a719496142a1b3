"""A check: the user's file, its verdict, and what each change to it would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from heartbed.report.about.base import About, Named, Part
from heartbed.report.words import overall, sentence, when_asked
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict, Outcome, RunVerdict, Tries


class Change(Part):
    """One change to the file, or two at a time, and what became of it."""

    change: str
    cell: str = ""
    recommended: bool
    told: str
    keys: Sequence[str] = ()
    acted: bool = True
    outcome: Outcome
    lost_after_s: float | None = None
    costs: str = ""
    lines: str = ""
    why: str = ""
    under: Mapping[str, str] = Field(default_factory=dict)
    tries: Mapping[str, Tries] = Field(default_factory=dict)


class Check(About):
    """What a check has found."""

    FILE: ClassVar[str] = "check.json"
    TEMPLATE: ClassVar[str] = "check"
    CHAPTER: ClassVar[str] = "What to do"

    file: str
    server: str = ""
    run: str
    later_runs: Sequence[str] = ()
    pair_runs: Sequence[str] = ()
    is_: Mapping[str, Any] = Field(validation_alias="is", serialization_alias="is")
    ran: Mapping[str, str] = Field(default_factory=dict)
    assumed: Sequence[str] = ()
    oddities: Sequence[str] = ()
    replaced: str = ""
    replaced_because: Mapping[str, str] = Field(default_factory=dict)
    verdict: CellVerdict
    verdicts: Sequence[CellVerdict]
    changes: Sequence[Change] = ()
    pairs: Sequence[Change] = ()
    not_tried: Mapping[str, str] = Field(default_factory=dict)

    @property
    def runs(self) -> Sequence[str]:
        """Those under further probes, and those of pairs."""
        return (*self.later_runs, *self.pair_runs)

    @property
    def kicker(self) -> str:
        """The file."""
        return f"Heartbed check of {self.file}"

    def question(self, run: RunVerdict) -> str:  # noqa: ARG002  # the file is what is asked about, whatever ran beside it
        """Whether the file keeps its connections."""
        return f"Does {self.file} keep its RabbitMQ connections {when_asked([each.probe for each in self.verdicts])}?"

    def answer(self, run: RunVerdict) -> str:  # noqa: ARG002
        """The worst verdict on it, in a few words why, and how many changes would mend it."""
        under = f" under {self.verdict.probe}" if self.verdict.probe != "idle" else ""
        cause = "" if self.verdict.outcome.good else cause_words(self.verdict.cause)
        said = f"{overall(self.verdict)}{under}"
        head = sentence(f"{said[:1].upper()}{said[1:]}{f': {cause}' if cause else ''}")
        if self.verdict.outcome.good or not (self.changes or self.pairs):
            return head
        if not self.recommended:
            return f"{head} Nothing that was tried mends it."
        return f"{head} {self.mends}"

    @property
    def because(self) -> str:
        """Why the file has this verdict."""
        return sentence(self.verdict.why)

    @property
    def mends(self) -> str:
        """How many changes mend it, in a sentence."""
        many, pair = len(self.recommended), self.recommended[0] in self.pairs
        if many == 1:
            return f"One {'pair of changes' if pair else 'change'} mends it."
        return f"Any one of {many} {'pairs of ' if pair else ''}changes mends it."

    def outcome(self, run: RunVerdict) -> str:  # noqa: ARG002
        """That of the file."""
        return str(self.verdict.outcome)

    @property
    def recommended(self) -> list[Change]:
        """The changes, or pairs of them, that keep the connections under every probe."""
        return [each for each in (*self.changes, *self.pairs) if each.recommended]

    @property
    def others(self) -> list[Change]:
        """The other single changes, those that did nothing at all last."""
        rest = [each for each in self.changes if not each.recommended]
        return sorted(rest, key=lambda each: not each.acted)

    def timelines(self) -> Sequence[Named]:
        """The file, and the first change that keeps what it loses."""
        own = Named(self.verdict.cell, self.verdict.probe, self.file)
        if self.verdict.outcome.good or not self.recommended:
            return (own,)
        best = self.recommended[0]
        probe = self.verdict.probe if self.verdict.probe in best.under else ""
        return own, Named(best.cell, probe, f"{self.file} with {best.change}")


ABOUT = Check
