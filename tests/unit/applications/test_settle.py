"""Which constraints of a release a series is locked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.applications import settle
from heartbed.applications.nova.application import PROJECT as NOVA
from heartbed.applications.project import Project, Series
from heartbed.versions.projects import normal


@pytest.fixture
def series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Series:
    monkeypatch.setattr(settle, "CONSTRAINTS", tmp_path)
    lines = [
        "WebOb===1.8.7",
        "oslo.messaging===14.7.2",
        "Ovs===3.3.0",
        "dnspython===2.5.0;python_version=='3.9'",
        "# x",
    ]
    (tmp_path / "2024.1.txt").write_text("\n".join(lines))
    return Series("nova", "29", "2024.1", patches=True, entry="module", constraints="a repository", loose=["ovs"])


def test_what_the_release_names_holds_but_for_its_own_libraries_and_what_has_no_wheel(series: Series) -> None:
    assert settle.constrained(series) == ["WebOb==1.8.7", "dnspython==2.5.0;python_version=='3.9'"]


def test_a_series_that_names_no_constraints_has_none() -> None:
    assert settle.constrained(NOVA.series["34"]) == []


@pytest.mark.parametrize(("name", "plain"), [("Oslo.Messaging", "oslo-messaging"), ("zope__event", "zope-event")])
def test_names_are_compared_as_indexes_spell_them(name: str, plain: str) -> None:
    assert normal(name) == plain


def test_a_lock_says_for_which_python_it_is_and_what_of_the_constraints_it_does_not_hold() -> None:
    for each in Project("nova", page="").series.values():
        head = each.lock.read_text(encoding="utf-8").partition("==")[0]
        if each.constraints:
            assert f"of OpenStack {each.release}, on Python {each.python}." in head
            assert each.constraints in head
            assert all(package in head for package in each.loose)
