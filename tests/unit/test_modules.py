"""Modules stay small enough to be read at a sitting."""

from __future__ import annotations

from heartbed.places import ROOT

LINES = 250


def test_no_module_is_longer_than_can_be_read_at_a_sitting() -> None:
    modules = [*(ROOT / "heartbed").rglob("*.py"), *(ROOT / "wsgi_app").rglob("*.py")]
    assert len(modules) > 100
    lengths = {str(each.relative_to(ROOT)): len(each.read_text().splitlines()) for each in modules}
    assert {name: length for name, length in lengths.items() if length > LINES} == {}
