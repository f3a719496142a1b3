"""A matrix: configurations under releases of a library, in as many runs as it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from heartbed.cells.subject import DEFAULT_PROBE
from heartbed.report.about.base import About, Part
from heartbed.verdict.answer import when
from heartbed.verdict.values import Outcome, RunVerdict, worst


class Place(Part):
    """What became of one configuration under one release."""

    release: str
    words: str
    outcome: Outcome
    cell: str


class Row(Part):
    """One configuration."""

    name: str
    places: Sequence[Place]


class Matrix(About):
    """What a matrix has come to."""

    FILE: ClassVar[str] = "matrix.json"
    TEMPLATE: ClassVar[str] = "matrix"
    CHAPTER: ClassVar[str] = "The matrix"

    said: str
    releases: Sequence[str]
    rows: Sequence[Row]
    probe: str = DEFAULT_PROBE

    @property
    def kicker(self) -> str:
        """A matrix."""
        return "Heartbed matrix"

    @property
    def cells(self) -> int:
        """How many there are."""
        return sum(len(row.places) for row in self.rows)

    def question(self, run: RunVerdict) -> str:  # noqa: ARG002  # a matrix asks the same of every run
        """Who keeps them, and with which release."""
        if self.probe != DEFAULT_PROBE:
            return f"Which of {self.cells} configurations are well {when(self.probe)}?"
        return f"Which of {self.cells} configurations keep their RabbitMQ connections while nobody calls?"

    def answer(self, run: RunVerdict) -> str:  # noqa: ARG002
        """What all its cells say together."""
        return self.said

    def outcome(self, run: RunVerdict) -> str:  # noqa: ARG002
        """The worst of them."""
        return str(worst(place.outcome for row in self.rows for place in row.places))


ABOUT = Matrix
