"""The table of choices: all that there is to choose in a cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from heartbed.cells.axis import Axis
from heartbed.cells.question import Question
from heartbed.cells.rows import Library, Limit, Parameter, Releases, Server


@dataclass(frozen=True)
class Table:
    """The rows, in the order in which they stand in names and are asked about in answers.

    Each factor belongs to exactly one axis.
    """

    servers: tuple[Server, ...]
    axes: tuple[Axis, ...]
    releases: Releases
    libraries: tuple[Library, ...]
    parameters: tuple[Parameter, ...]
    limits: tuple[Limit, ...]

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(each for each in self.axes if each.name == name)

    def axis_of(self, factor: str) -> Axis | None:
        """The axis that a factor belongs to."""
        return next((each for each in self.axes if factor in each.tokens), None)

    def of(self, factor: str) -> Axis:
        """The same, of a factor that is known."""
        return next(each for each in self.axes if factor in each.tokens)

    def server(self, token: str) -> Server:
        """The server of that name."""
        return next(each for each in self.servers if each.token == token)

    def library(self, word: str) -> Library:
        """The library that a word stands for."""
        return next(each for each in self.libraries if each.word == word)

    @property
    def questions(self) -> tuple[Question, ...]:
        """All that cells may differ in; an axis that refines another is asked together with it."""
        return (*(each for each in self.axes if not each.refines), self.releases, *self.libraries, *self.parameters)

    @property
    def names(self) -> frozenset[str]:
        """What the factors of a cell may be called."""
        return frozenset(each.name for each in (*self.axes, *self.questions))

    def says(self, factors: Mapping[str, str], *, application: bool) -> list[str]:
        """The factors that a name has, of the application or of what it is hosted by, with what refines them."""
        told = [each for each in self.axes if not each.refines and each.application is application]
        return [each.value(factors) for each in told if each.is_said(factors.get(each.name, ""), factors)]

    @property
    def versioned(self) -> re.Pattern[str]:
        """A library with its version, as ``oslo14.3.0`` or ``eventlet0.40.0``."""
        words = "|".join(each.word for each in self.libraries)
        return re.compile(rf"({words})([0-9]{{1,9}}(?:\.[0-9]{{1,9}}){{1,3}})\Z")

    @property
    def native(self) -> tuple[str, ...]:
        """Names of the servers' own files, with wildcards."""
        return tuple(name for each in self.servers for name in each.native)

    @property
    def waits(self) -> dict[str, str]:
        """Function -> what a thread in it waits in for a request, of all servers."""
        return {function: place for each in self.servers for function, place in each.waits.items()}

    def senseless(self, chosen: Mapping[str, str]) -> str:
        """Why this combination of factors, axis by axis, cannot exist; empty when it can."""
        chosen = {**self._brought_along(chosen), **chosen}
        first = self.axis("server")
        given = {first.name: first.default, **chosen}
        server = given[first.name]
        for axis in self.axes:
            if axis.name in chosen and axis.refines and axis.refines not in self._with_defaults(given):
                return axis.why
        for axis in self.axes:
            if axis.name in chosen and not axis.applies_to(server):
                return (
                    f"{chosen[axis.name]} ({axis.name}) is for {', '.join(axis.servers)}; {server} has no such choice"
                )
        if reasons := [why for axis in self.axes if (why := axis.senseless(self._completed(axis, chosen)))]:
            return reasons[0]
        for library in self.libraries:
            if library.word in chosen and library.servers and server not in library.servers:
                return f"{server} does without {library.package}"
        for limit in self.limits:
            if {*limit.factors} <= {*given.values()} and int(chosen.get(limit.parameter, limit.most)) > limit.most:
                return limit.why
        return ""

    def _brought_along(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """What follows from what was chosen, axis by axis."""
        return {axis.name: factor for axis in self.axes if (factor := axis.follows(chosen))}

    @staticmethod
    def _completed(axis: Axis, chosen: Mapping[str, str]) -> dict[str, str]:
        """What was chosen, with an axis at its default where nothing was."""
        return {axis.name: axis.default, **chosen}

    def _with_defaults(self, chosen: Mapping[str, str]) -> set[str]:
        return {chosen.get(axis.name, axis.default) for axis in self.axes}
