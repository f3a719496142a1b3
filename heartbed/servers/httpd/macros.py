"""Writes macros out: mod_macro's ``<Macro>`` is text with parameters, and ``Use`` puts it in.

What a macro defines (a virtual host, a daemon process group, an alias) then has
a line of its own, which can be replaced or mended as any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from heartbed.candidates.source import LARGEST_FILE
from heartbed.errors import InputError
from heartbed.servers.httpd.lines import Directive
from heartbed.wording import count


@dataclass(frozen=True)
class Macro:
    """A macro: its name as written, its parameters, and its lines."""

    name: str
    parameters: tuple[str, ...]
    lines: tuple[str, ...]

    def written_out(self, arguments: Sequence[str], at: str) -> tuple[str, ...]:
        """Its lines with the arguments in them. Raises ``InputError`` for another number of arguments."""
        if len(arguments) != len(self.parameters):
            takes = count(len(self.parameters), "argument")
            raise InputError(f"{at}: the macro {self.name} takes {takes}, not {len(arguments)}")
        if not self.parameters:
            return self.lines
        values = dict(zip(self.parameters, arguments, strict=True))
        # Of names that begin alike the longest is meant, as mod_macro has it.
        longest_first = sorted(values, key=len, reverse=True)
        pattern = re.compile("|".join(map(re.escape, longest_first)))
        found = tuple(pattern.sub(lambda name: values[name[0]], line) for line in self.lines)
        if sum(map(len, found)) > LARGEST_FILE:
            raise InputError(f"{at}: the macro {self.name} becomes more than {LARGEST_FILE:,} bytes here")
        return found


def defined(lines: Sequence[str], directives: Sequence[Directive]) -> Iterator[tuple[int, Macro]]:
    """The macros that a file defines, each with the line that ends it."""
    for at, opening in enumerate(directives):
        if opening.key != "<macro" or not opening.words or "macro" in opening.within:
            continue
        depth = len(opening.within)
        rest = (directives[behind] for behind in range(at + 1, len(directives)))
        end = next((d for d in rest if d.key == "</macro>" and len(d.within) == depth), None)
        if end is not None:
            name, *parameters = opening.words
            yield end.first, Macro(name, tuple(parameters), tuple(lines[opening.last : end.first - 1]))
