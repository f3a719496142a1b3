"""Settings of a user's configuration put otherwise: in their place where they have one, else at the end of the file."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace
from typing import Any

from heartbed.candidates.adapted import Adapted, Replacement
from heartbed.candidates.change import Edit, Variant
from heartbed.servers.gunicorn.conf import parse, place


@dataclass
class GunicornAdapted(Adapted):
    """A configuration of gunicorn's made ready for the testbed."""

    def put(self, name: str, value: object, reason: str) -> None:
        """Have a setting read otherwise in the copy."""
        main = self.source.main
        text = f"{name} = {value!r}"
        found = place(tree_of(self), name)
        if found:
            was = main.lines[found.first - 1].strip()
            self.add(Replacement(main.inside, found.first, found.last, text, reason, was))
            return
        mine = next((each for each in self.replacements if each.first > len(main.lines) and each.was == name), None)
        at = mine.first if mine else max([len(main.lines), *(each.last for each in self.replacements)]) + 1
        self.add(Replacement(main.inside, at, at, text, reason, name))


def tree_of(adapted: Adapted) -> ast.Module:
    """The user's file as Python."""
    return parse(adapted.source.main.lines) or ast.Module([], [])


def assigned(v: Variant[Any], adapted: Adapted, name: str, value: object) -> Variant[Any]:
    """The variant with a line of the user's that sets this."""
    main = adapted.source.main
    text = f"{name} = {value!r}"
    if found := place(tree_of(adapted), name):
        return replace(v, edits=(*v.edits, Edit(main.inside, found.first, found.last, text)))
    # At the end: behind the last line, in front of what an editor leaves there.
    at = len(main.lines)
    before = next((each for each in v.edits if each.first == at), None)
    last = (before.text if before else main.lines[-1]).rstrip("\n")
    ending = "" if main.lines[-1] else "\n"
    others = tuple(each for each in v.edits if each is not before)
    return replace(v, edits=(*others, Edit(main.inside, at, at, f"{last}\n{text}{ending}".lstrip("\n"))))
