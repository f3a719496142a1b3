"""The Pythons: what a cell has on each, which a release takes, and what is said where one cannot be had."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import select
from heartbed.errors import InputError
from heartbed.places import ROOT
from heartbed.versions.pythons import OLDEST_FIRST, PYTHON, PYTHONS
from heartbed.versions.releases import RELEASES


def cell(expression: str) -> Cell:
    (found,) = select([expression]).cells
    return found


def test_python_of_every_image_is_in_no_name() -> None:
    usual, named = select(["prefork-eventlet", "event-python3.13-native"]).cells
    assert (usual.name, usual.build) == ("prefork-daemon-eventlet", "oslo17.3.2")
    assert (named.name, named.factors["python"]) == ("event-daemon-native", "python3.13")


@pytest.mark.parametrize("python", PYTHONS)
def test_cell_on_another_python_is_named_by_it_and_found_by_its_name(python: str) -> None:
    for found in select([f"{{prefork,uwsgi,gunicorn}}-{{eventlet,native}}-python{python}"]).cells:
        assert found.name.endswith("" if python == PYTHON else f"-python{python}")
        assert cell(found.name) == found


def test_what_is_older_on_its_python_is_told_but_named_only_where_it_was_asked_for() -> None:
    found = cell("prefork-python3.9")
    assert (found.oslo, found.build) == ("17.1.1", "oslo17.1.1-python3.9")
    assert found.packages == {"oslo.messaging": "17.1.1"}
    assert (found.factors["oslo"], found.factors["kombu"], found.factors["mod_wsgi"]) == ("17.1.1", "5.6.2", "5.0.2")
    assert "gunicorn" not in found.factors
    assert cell("gunicorn-python3.9").factors["gunicorn"] == "23.0.0"
    older = cell("prefork-python3.9-oslo16.1.0-kombu5.5.4")
    assert older.name == "prefork-daemon-eventlet-python3.9-oslo16.1.0-kombu5.5.4"
    assert older.with_version("kombu", "5.6.2").name == "prefork-daemon-eventlet-python3.9-oslo16.1.0"


def test_workers_and_models_follow_what_runs_on_the_python() -> None:
    assert cell("gunicorn-geventlet-python3.9").name == "gunicorn-eventlet-python3.9-geventlet"
    assert cell("prefork-gevent-python3.9").packages["gevent"] == PYTHONS["3.9"].usual["gevent"]


@pytest.mark.parametrize("python", PYTHONS)
def test_usual_versions_are_those_of_its_locks(python: str) -> None:
    suffix = "" if python == PYTHON else f"-python{python}"
    text = (ROOT / "wsgi_app" / f"requirements{suffix}.lock").read_text(encoding="utf-8")
    for file in (ROOT / "images").glob("*/*.lock"):
        marked = '< "3.10"' if python == "3.9" else '>= "3.10"'
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        text += "".join(line for line in lines if marked in line or "python_version" not in line)
    pins = {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==([\d.]+)", text, re.MULTILINE)}
    for library in axes.TABLE.libraries[1:]:
        assert pins[library.package] == PYTHONS[python].usual.get(library.package, library.default)


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_release_takes_the_oldest_python_that_runs_its_own_unless_the_default_does(release: object) -> None:
    assert isinstance(release, type(RELEASES["train"]))
    stand_ins = {python: len(release.on[python].instead) for python in OLDEST_FIRST if not release.on[python].lacks}
    fewest = min(stand_ins, key=lambda python: stand_ins[python])
    assert release.python == (PYTHON if stand_ins.get(PYTHON) == 0 else fewest)


@pytest.mark.parametrize("name", [name for name in RELEASES if name not in ("stein", "train", "ussuri", "victoria")])
def test_releases_since_wallaby_are_wholly_their_own(name: str) -> None:
    assert not cell(f"prefork-{name}").stands_in


def test_an_application_that_is_locked_for_another_python_takes_it_along() -> None:
    found = cell("prefork-nova29")
    assert (found.name, found.python) == ("prefork-daemon-eventlet-nova29", "python3.9")
    assert cell(found.name) == cell("prefork-nova29-python3.9") == found
    assert cell("prefork-nova-2024.1").python == "python3.9"
    assert cell("prefork-nova").python == cell("prefork").python


@pytest.mark.parametrize("name", ["wallaby", "xena", "yoga"])
def test_releases_of_python_3_9_have_their_own_eventlet_greenlet_and_kombu(name: str) -> None:
    found, release = cell(f"prefork-{name}"), RELEASES[name]
    assert (found.name, found.python, found.build) == (
        f"prefork-daemon-eventlet-{name}",
        "python3.9",
        f"{name}-python3.9",
    )
    for package in ("eventlet", "greenlet", "kombu"):
        assert found.packages[package] == release.own[package]
    assert not found.stands_in


def test_release_on_another_python_says_so_in_its_name() -> None:
    found = cell("prefork-python3.13-wallaby")
    assert (found.name, found.build) == ("prefork-daemon-eventlet-python3.13-wallaby", "wallaby")
    assert cell(found.name) == found
    assert "on Python 3.13" in found.stands_in
    assert cell("prefork-python3.9-wallaby") == cell("prefork-wallaby")


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (
            "prefork-python3.10",
            "there is no Python 3.10 here; the nearest is python3.11, all: python3.13, python3.11, python3.9",
        ),
        ("prefork-python3.12", "the nearest is python3.13"),
        ("prefork-python2.7", "the nearest is python3.9"),
        ("prefork-python4", "the nearest is python3.13"),
        ("prefork-nova29-python3.13", "nova29 does not run on Python 3.13 here.*nearest that runs it is python3.9"),
        ("prefork-nova29-2025.1", "nova29 does not run on Python 3.13 here"),
        ("prefork-python3.9-2026.2", r"2026.2 does not run on Python 3.9 \(.*the nearest that runs it is python3"),
        ("prefork-python3.9-python3.11", "two factors of the axis 'python'"),
        ("gunicorn-geventlet-python3.11", "gunicorn 27.0.1 has no eventlet workers"),
    ],
)
def test_python_that_is_not_there_or_does_not_run_it_names_the_nearest(expression: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        select([expression])


def test_process_that_runs_on_another_python_is_no_cell_of_it() -> None:
    shown = axes.TABLE.axis("python").shows
    facts = {"python": "3.13"}
    assert shown.of("python3.9") == "3.9"
    assert (shown.fact(facts), shown.factor(facts)) == ("3.13", "python3.13")


def test_ground_of_a_cell_keeps_its_python() -> None:
    found = cell("prefork-python3.11")
    assert found.ground == replace(found, app="minimal")
