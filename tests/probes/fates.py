"""What the tests of every probe share: a test for each cell, and what counts as the expected."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from heartbed.cells.cell import Cell
from heartbed.verdict.values import CellVerdict, Outcome
from tests.probes import known
from tests.probes.conftest import selection


class ConnectionLostError(AssertionError):
    """RabbitMQ closed a connection because it missed heartbeats, and the record proves it."""


def for_each_cell(
    metafunc: pytest.Metafunc,
    good: Callable[..., None],
    reason: Callable[[Cell], str | None] = known.loss,
    raises: type[AssertionError] = ConnectionLostError,
) -> None:
    """Have each test that takes a ``cell`` run for all of them; ``good`` is the one that a ``reason`` must fail."""
    if "cell" in metafunc.fixturenames:
        marked = metafunc.function is good
        cells = selection(metafunc.config).cells
        params = [pytest.param(c, id=c.name, marks=_marks(reason(c), raises) if marked else ()) for c in cells]
        metafunc.parametrize("cell", params)


def _marks(reason: str | None, raises: type[AssertionError]) -> tuple[pytest.MarkDecorator, ...]:
    # Only what is proven counts as the expected: an inconclusive cell fails, and so does one that is lost otherwise.
    return (pytest.mark.xfail(reason=reason, strict=True, raises=raises),) if reason else ()


def must_be_kept(verdict: CellVerdict, cell: Cell) -> None:
    """Raises ``ConnectionLostError`` for a cell that is lost, and fails for one that is neither lost nor kept."""
    if verdict.cause == "deadlock":
        # A race decides, so neither outcome is a surprise; but nothing short of its proof is let pass.
        if reason := known.race(cell):
            pytest.xfail(f"{reason}: {verdict.why}")
        pytest.fail(verdict.why)
    if verdict.outcome is Outcome.LOST:
        raise ConnectionLostError(f"{verdict.cell}: {verdict.why}")
    assert verdict.outcome is Outcome.KEPT, f"{verdict.outcome}: {verdict.why}"
