"""Whether a cell is what it was asked to be."""

from __future__ import annotations

from collections.abc import Sequence

from heartbed.cells import axes
from heartbed.record.history import CellHistory
from heartbed.verdict.client import is_own
from heartbed.verdict.values import Connection, Disagreement


def disagreements(cell: CellHistory, connections: Sequence[Connection]) -> list[Disagreement]:
    """Where what was observed is not what was asked for; an unanswered question is no disagreement."""
    asked = cell.asked
    if not cell.facts:
        return []
    shown = [
        (each.shows, asked.factors.get(each.name)) for each in axes.TABLE.axes if each.name not in asked.left_to_library
    ]
    pairs: list[tuple[str, object, object]] = [
        (each.what, each.of(want), each.fact(cell.facts)) for each, want in shown
    ]
    numbers = ((each.observed, getattr(asked, each.asked or each.name, None)) for each in axes.TABLE.parameters)
    pairs += [(each.what, want, each.fact(cell.facts)) for each, want in numbers if each]
    wanted: dict[str, str | None] = {each.package: asked.factors.get(each.word) for each in axes.TABLE.libraries}
    wanted.update(asked.versions)
    wanted |= dict.fromkeys(asked.patched)
    pairs += [
        (f"the source of {package}", label, cell.said.sources.get(package, "a release"))
        for package, label in asked.patched.items()
    ]
    pairs += [(package, version, cell.said.versions.get(package)) for package, version in wanted.items()]
    pairs += [
        (f"the negotiated timeout of {c.purpose}", asked.heartbeat_s, c.timeout_s)
        for c in connections
        # A user's own application may have its timeout from elsewhere: it is judged by that.
        if c.timeout_s is not None and not is_own(cell)
    ]
    return [
        Disagreement(what=what, asked=str(want), observed=str(got))
        for what, want, got in pairs
        if want is not None and got is not None and want != got
    ]
