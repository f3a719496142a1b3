"""The mend finder: candidates that differ from a user's by one change, and what each change costs elsewhere.

They idle beside the candidate itself, so that one window answers both
questions: does it keep its connections, and what single change would.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from heartbed.candidate import modules
from heartbed.candidate.adapt import Adapted, Replacement, adapted_lines, diff
from heartbed.candidate.changes import Change, Variant, changes, number
from heartbed.candidate.lines import Directive
from heartbed.candidate.prepare import size
from heartbed.candidate.prepared import Prepared
from heartbed.candidate.shape import Shape
from heartbed.candidate.source import SourceFile
from heartbed.candidate.subject import Candidate
from heartbed.candidate.workbench import Workbench


@dataclass(frozen=True)
class Mend:
    """A candidate that differs from the user's by ``changes``, and the lines that make it so."""

    changes: tuple[Change, ...]
    candidate: Candidate
    lines: str

    @property
    def what(self) -> str:
        """The changes in words."""
        return " and ".join(change.what for change in self.changes)

    @property
    def price(self) -> str:
        """What they cost elsewhere."""
        return "; ".join(change.price for change in self.changes if change.price)


def mends(prepared: Prepared, bench: Workbench, oslo_versions: Sequence[str] = ()) -> list[Mend]:
    """Every single change that makes sense for this candidate, written down ready to run."""
    return [_mend(prepared, bench, (change,)) for change in changes(prepared, oslo_versions)]


def pairs(prepared: Prepared, bench: Workbench) -> list[Mend]:
    """Pairs of changes to how the application is hosted, for where no single one does."""
    useful = [change for change in changes(prepared, ()) if change.key != "heartbeat"]
    return [
        _mend(prepared, bench, pair)
        for pair in combinations(useful, 2)
        if not (_is_mpm(pair[0]) and _is_mpm(pair[1])) and {c.key for c in pair} != {"native", "pthread"}
    ]


def _is_mpm(change: Change) -> bool:
    return change.key in modules.MPMS


def _mend(prepared: Prepared, bench: Workbench, chosen: tuple[Change, ...]) -> Mend:
    own = prepared.candidate
    variant = Variant(prepared.shape, own.model, own.thread, own.oslo, own.heartbeat_s)
    for change in chosen:
        variant = change.apply(variant)
    # One process shows what several would: they are alike.
    found = replace(variant.shape, processes=1)
    label = "-".join([prepared.label, *(change.key for change in chosen)])
    adapted = _edited(prepared, variant, found)
    bench.write(label, adapted, found.mpm, prepared.draft.load, size(found))
    candidate = replace(
        own,
        label=label,
        server=found.mpm,
        mode=found.mode,
        model=variant.model,
        thread=variant.thread,
        oslo=variant.oslo,
        processes=1,
        threads=found.threads,
        heartbeat_s=variant.heartbeat_s,
    )
    return Mend(chosen, candidate, _lines(prepared, variant))


def _edited(prepared: Prepared, variant: Variant, found: Shape) -> Adapted:
    """The copy with the edits in it, under the rules that hold for the user's own lines."""
    adapted = copy.copy(prepared.draft.adapted)
    adapted.replacements = list(adapted.replacements)
    for edit in variant.edits:
        text = adapted_lines(edit.text)
        adapted.add(Replacement(edit.inside, edit.first, edit.last, text, "the change", ""))
    if found.mpm != prepared.shape.mpm:
        for file, d in adapted.source.all():
            if not d.name.startswith("<") and not modules.belongs_to_mpm(d.key, found.mpm):
                adapted.add(
                    Replacement(file.inside, d.first, d.last, None, "of another MPM", f"{d.name} {d.arguments}")
                )
    place = prepared.place(found.daemon) if found.daemon else None
    if place:
        _one_process(adapted, *place)
    return adapted


def _one_process(adapted: Adapted, file: SourceFile, directive: Directive) -> None:
    before = [r for r in adapted.replacements if (r.file, r.first) == (file.inside, directive.first)]
    text = (before[0].text if before else None) or f"{directive.indent}{directive.name} {directive.arguments}"
    text = re.sub(r"\bprocesses=\d+", "processes=1", text)
    adapted.add(Replacement(file.inside, directive.first, directive.last, text, "one process shows it all", ""))


def _lines(prepared: Prepared, variant: Variant) -> str:
    """What the user has to change: a diff of their files, then what lies elsewhere."""
    told = []
    for file in prepared.draft.source.files:
        after = list(file.lines)
        for edit in sorted((e for e in variant.edits if e.inside == file.inside), key=lambda e: -e.first):
            after[edit.first - 1 : edit.last] = edit.text.split("\n")
        told.append(diff(file, list(file.lines), after, note="mended").rstrip("\n"))
    return "\n".join(part for part in (*told, *variant.settings) if part)


def versions_beside(own: str, here: Iterable[str]) -> list[str]:
    """Of the library's versions that are here, the newest that is newer and the newest that is older."""
    ordered = sorted(here, key=number)
    newer = [v for v in ordered if number(v) > number(own)][-1:]
    older = [v for v in ordered if number(v) < number(own)][-1:]
    return newer + older
