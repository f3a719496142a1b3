"""A comparison: cells and configuration files side by side, and what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from heartbed.report.about.base import About, Part
from heartbed.report.words import question, when_asked
from heartbed.verdict.values import RunVerdict


class Row(Part):
    """A setting in which they differ; of one that is left to its default the value is empty."""

    what: str
    values: Sequence[str]


class Comparison(About):
    """What was compared; ``rows`` are there where few enough were to show them side by side."""

    FILE: ClassVar[str] = "comparison.json"
    TEMPLATE: ClassVar[str] = "comparison"
    CHAPTER: ClassVar[str] = "What tells them apart"

    cells: Sequence[str]
    files: Mapping[str, str] = Field(default_factory=dict)
    """Name of a cell -> the file that it is."""
    subjects: Sequence[str] = ()
    rows: Sequence[Row] = ()

    @property
    def kicker(self) -> str:
        """A comparison."""
        return "Heartbed comparison"

    @property
    def has_chapter(self) -> bool:
        """Whether there is something to tell but the verdicts."""
        return bool(self.rows or self.files)

    def question(self, run: RunVerdict) -> str:
        """Which of two, or whether all do."""
        if len(self.cells) != 2:
            return question(run)
        names = " or ".join(self.files.get(each, each) for each in self.cells)
        probes = list(dict.fromkeys(each.probe for each in run.cells))
        return f"{names}: which keeps its RabbitMQ connections {when_asked(probes)}?"


ABOUT = Comparison
