"""What draws: in this process, or in one of its own that was started beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from heartbed.report import vega
from heartbed.report.formats import html

SQUARE: dict[str, Any] = {
    "width": 20,
    "height": 20,
    "marks": [{"type": "rect", "encode": {"enter": {"width": {"value": 7}, "height": {"value": 7}}}}],
}


@pytest.fixture
def pens(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[vega._Pen]]:
    made: list[vega._Pen] = []
    monkeypatch.setattr(vega, "_pens", made)
    yield made
    for pen in made:
        pen._close()


def test_the_same_is_drawn_by_either(pens: list[vega._Pen]) -> None:
    here = vega.drawn(SQUARE)
    vega.get_ready()
    vega.get_ready()
    assert len(pens) == 1
    assert pens[0].drawn(SQUARE) == here == vega.drawn(SQUARE)
    assert here.startswith("<svg")


def test_what_has_ended_is_done_without(pens: list[vega._Pen]) -> None:
    vega.get_ready()
    pens[0]._close()
    with pytest.raises((OSError, ValueError)):
        pens[0].drawn(SQUARE)
    assert vega.drawn(SQUARE).startswith("<svg")


def test_the_page_can_be_made_ready_for(pens: list[vega._Pen]) -> None:
    html.get_ready()
    assert len(pens) == 1
    assert html.TEMPLATE in html._environment().list_templates()
