"""The mend finder: candidates that differ from a user's by one change, and what each change costs elsewhere.

They idle beside the candidate itself, so that one window answers both
questions: does it keep its connections, and what single change would.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from heartbed.candidates.adapted import diff
from heartbed.candidates.change import Change, Variant
from heartbed.candidates.changes import (
    GEVENT,
    HEARTBEAT,
    NATIVE,
    NO_PTHREAD,
    PTHREAD,
    THREADS,
    acts_on_library,
    changes,
    has_option,
    library_of,
    pthread,
    unchanged,
)
from heartbed.candidates.prepared import Prepared
from heartbed.candidates.subject import Candidate
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.kinds import kinds
from heartbed.versions.releases import number


@dataclass(frozen=True)
class Mend:
    """A candidate that differs from the user's by ``changes``, and the lines that make it so."""

    changes: tuple[Change[Any], ...]
    candidate: Candidate
    lines: str

    @property
    def what(self) -> str:
        """The changes in words."""
        return " and ".join(change.what for change in self.changes)

    @property
    def keys(self) -> frozenset[str]:
        """The changes' short names."""
        return frozenset(change.key for change in self.changes)

    @property
    def price(self) -> str:
        """What they cost elsewhere."""
        return "; ".join(change.price for change in self.changes if change.price)


def mends(
    prepared: Prepared[Any], workbench: Workbench, oslo_versions: Sequence[str] = (), ruled_out: Collection[str] = ()
) -> list[Mend]:
    """Every single change that makes sense for this candidate, written down ready to run.

    ``ruled_out`` are the keys of changes that the user cannot make.
    """
    return [_mend(prepared, workbench, (c,)) for c in changes(prepared, oslo_versions) if c.key not in ruled_out]


def keys() -> list[str]:
    """Short names of all changes that there are, but for the releases."""
    hosting = (key for kind in kinds() for key in kind.keys)
    return list(dict.fromkeys([*THREADS, *hosting, HEARTBEAT]))


def check_keys(ruled_out: Collection[str]) -> None:
    """Raise ``InputError`` for a key that no change has, to whatever configuration."""
    known = keys()
    for key in ruled_out:
        if key not in known and not re.fullmatch(r"oslo\d+(\.\d+){1,3}", key):
            nearest = difflib.get_close_matches(key, known, n=1)
            meant = f"; did you mean {nearest[0]!r}?" if nearest else ""
            hint = f"changes: {', '.join(known)}, oslo<version>"
            raise InputError(f"--rule-out {key}: there is no such change{meant}", hint=hint)


def pairs(
    prepared: Prepared[Any], workbench: Workbench, oslo_versions: Sequence[str] = (), ruled_out: Collection[str] = ()
) -> list[Mend]:
    """Pairs of changes, for where no single one does; the length of the heartbeat timeout is left alone.

    Two releases make no pair, nor two MPMs; and ``heartbeat_in_pthread`` goes
    with a release that has it, also where the candidate's own has not.
    """
    own = prepared.candidate
    useful = [c for c in changes(prepared, oslo_versions) if c.key != HEARTBEAT and c.key not in ruled_out]
    green = own.model not in (NATIVE, GEVENT) and own.thread == "green" and acts_on_library(own)
    if green and not has_option(own.oslo) and PTHREAD not in ruled_out:
        useful.append(pthread(own))
    fitting = [pair for pair in combinations(useful, 2) if not _at_odds(prepared, *pair)]
    return [_mend(prepared, workbench, pair) for pair in fitting]


def _at_odds(prepared: Prepared[Any], one: Change[Any], other: Change[Any]) -> bool:
    """Whether a pair is none: one undoes the other, or adds nothing to it, or is of no use with it."""
    if one.question == other.question or {one.key, other.key} == {NATIVE, PTHREAD}:
        return True
    own = unchanged(prepared)
    both = other.apply(one.apply(own))
    if {PTHREAD, NO_PTHREAD} & {one.key, other.key} and not has_option(library_of(prepared.candidate, both.oslo)):
        return True
    return any(_same(both, alone.apply(own)) for alone in (one, other))


def _same(one: Variant[Any], other: Variant[Any]) -> bool:
    """Whether two variants run alike, whatever the lines that make them so."""
    bare = [replace(each, edits=(), settings=(), thread_is_left=False) for each in (one, other)]
    return bare[0] == bare[1]


def _mend(prepared: Prepared[Any], workbench: Workbench, chosen: tuple[Change[Any], ...]) -> Mend:
    variant = unchanged(prepared)
    for change in chosen:
        variant = change.apply(variant)
    label = "-".join([prepared.label, *(change.key for change in chosen)])
    made = prepared.kind.write(prepared, variant, label, workbench)
    candidate = replace(
        made if variant.oslo == made.oslo else made.with_version("oslo", variant.oslo),
        label=label,
        model=variant.model,
        thread=variant.thread,
        thread_is_left=variant.thread_is_left,
        heartbeat_s=variant.heartbeat_s,
    )
    return Mend(chosen, candidate, _lines(prepared, variant))


def _lines(prepared: Prepared[Any], variant: Variant[Any]) -> str:
    """What the user has to change: a diff of their files, then what lies elsewhere."""
    parts = []
    for file in prepared.draft.source.files:
        after = list(file.lines)
        for edit in sorted((e for e in variant.edits if e.inside == file.inside), key=lambda e: -e.first):
            after[edit.first - 1 : edit.last] = edit.text.split("\n")
        parts.append(diff(file, list(file.lines), after, note="mended").rstrip("\n"))
    return "\n".join(part for part in (*parts, *variant.settings) if part)


def versions_beside(own: str, here: Iterable[str]) -> list[str]:
    """Of the library's versions that are here: the newest that is newer, the newest that is older.

    And the newest that has ``heartbeat_in_pthread``, where the candidate's own has not.
    """
    ordered = sorted(here, key=number)
    newer = [v for v in ordered if number(v) > number(own)][-1:]
    older = [v for v in ordered if number(v) < number(own)][-1:]
    with_option = [] if has_option(own) else [v for v in ordered if has_option(v)][-1:]
    return list(dict.fromkeys([*newer, *with_option, *older]))
