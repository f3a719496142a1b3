"""Which kind of configuration a file is."""

from __future__ import annotations

import re
from pathlib import Path

from heartbed.candidates.prepared import Draft, Kind
from heartbed.candidates.source import read_lines
from heartbed.candidates.wishes import Wishes
from heartbed.servers import families

NOT_A_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def kinds() -> list[Kind]:
    """Of all families, in the order in which they are asked: the first that recognises a file has it."""
    found = [each.kind for each in families().values() if each.kind]
    return sorted(found, key=lambda kind: kind.last)


def draft(path: Path, wishes: Wishes, *, label: str | None = None) -> Draft:
    """Read and adapt a file, as the kind that recognises it does. Raises ``InputError``."""
    lines = read_lines(path, str(path))
    kind = next(each for each in kinds() if each.recognises(lines))
    if kind.last:
        for each in kinds():
            each.refuse(path, lines)
    return kind.draft(path, wishes, label or label_of(path.name))


def label_of(name: str) -> str:
    """The name with only what a container may be called."""
    return NOT_A_NAME.sub("-", name).lstrip("-_.") or "candidate"
