"""The OpenStack releases: their data, what a cell of one runs, and what is said of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from heartbed.cells.axes import TABLE
from heartbed.cells.expressions import select
from heartbed.cli.versions import list_versions
from heartbed.errors import InputError
from heartbed.run.images import specs
from heartbed.versions.index import Index, Pin
from heartbed.versions.locks import lock, locked, releases_file
from heartbed.versions.pythons import PYTHON, PYTHONS
from heartbed.versions.releases import FILE, RELEASES, Fit, Release, StandIn, number, read, written
from heartbed.versions.settle import Trials, culprit, reason
from wsgi_app.installed import PACKAGES

NAMES = (
    *("stein", "train", "ussuri", "victoria", "wallaby", "xena", "yoga", "zed"),
    *("2023.1", "2023.2", "2024.1", "2024.2", "2025.1", "2025.2", "2026.1", "2026.2"),
)
SINCE = {"oslo.metrics": "wallaby"}
"""Libraries that are younger than Stein, and the first release that has them."""

KOMBU = Release(
    "some",
    "a source",
    "1.0",
    own={"oslo.messaging": "1.0", "kombu": "4.0", "vine": "1.3.0"},
    on={"3.13": Fit({"kombu": StandIn("5.3", "No module named 'imp'")}, {"pytz": "2025.2"}), "3.9": Fit(lacks="old")},
)


def no_index(_: Sequence[str]) -> subprocess.CompletedProcess[str]:
    raise AssertionError("the index was asked")


NO_INDEX = Index(pip=no_index)


def runs(release: Release) -> list[dict[str, str]]:
    """What is run of it, on each Python on which it runs."""
    return [release.runs(python) for python, fit in release.on.items() if not fit.lacks]


def test_every_release_is_there_the_oldest_first() -> None:
    assert tuple(RELEASES) == NAMES


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_data_is_complete(release: Release) -> None:
    absent = {package for package, first in SINCE.items() if NAMES.index(release.name) < NAMES.index(first)}
    assert set(release.own) == set(PACKAGES) - absent
    assert release.source
    assert number(release.named) <= number(release.own["oslo.messaging"])
    assert list(release.on) == list(PYTHONS)
    for versions in runs(release):
        assert all(re.fullmatch(r"\d+(\.\d+)+", version) for version in versions.values())


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_what_stands_in_is_newer_and_has_its_reason(release: Release) -> None:
    for fit in release.on.values():
        for package, stand_in in fit.instead.items():
            assert number(stand_in.version) > number(release.own[package])
            assert stand_in.why


@pytest.mark.parametrize("package", PACKAGES)
def test_versions_never_go_down_from_one_release_to_the_next(package: str) -> None:
    own = [release.own[package] for release in RELEASES.values() if package in release.own]
    for before, after in pairwise(own):
        # Old series are mended late: Victoria's last amqp is newer than Wallaby's.
        assert number(before)[:2] <= number(after)[:2], (before, after)


@pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
def test_amqp_and_vine_go_together(release: Release) -> None:
    for versions in (release.own, *runs(release)):
        assert (number(versions["amqp"]) < (5,)) == (number(versions["vine"]) < (5,))


def test_data_file_is_as_the_tool_writes_it() -> None:
    assert written(list(RELEASES.values())) == FILE.read_text(encoding="utf-8")
    assert read(written([KOMBU])) == {"some": KOMBU}


@pytest.mark.parametrize("name", RELEASES)
def test_release_is_locked_and_needs_no_index(name: str) -> None:
    (cell,) = select([f"prefork-{name}"]).cells
    python = RELEASES[name].python
    pins = lock(cell.packages, replace(NO_INDEX, python=python)).pins
    assert {pin.package: pin.version for pin in pins} == RELEASES[name].runs(python)
    assert all(re.fullmatch(r"[0-9a-f]{64}", pin.sha256) for pin in pins)


@pytest.mark.parametrize("python", PYTHONS)
def test_locks_have_what_the_releases_run_and_nothing_else(python: str) -> None:
    there = [release for release in RELEASES.values() if not release.on[python].lacks]
    assert set(locked(releases_file(python))) == {each for release in there for each in release.runs(python).items()}


def test_compiled_wheels_have_a_hash_for_each_machine(tmp_path: Path) -> None:
    pins = locked(releases_file(PYTHON))
    assert all(bool(pin.other) == (pin.package == "greenlet") for pin in pins.values())
    assert Pin("greenlet", "3.1.0", "aa", "bb").line == "greenlet==3.1.0 --hash=sha256:aa --hash=sha256:bb"
    (tmp_path / "lock").write_text("# said\ngreenlet==3.1.0 --hash=sha256:aa --hash=sha256:bb\n")
    assert locked(tmp_path / "lock") == {("greenlet", "3.1.0"): Pin("greenlet", "3.1.0", "aa", "bb")}


def test_cell_of_a_release_asks_for_the_whole_set() -> None:
    (cell,) = select(["prefork-train"]).cells
    assert cell.packages == RELEASES["train"].runs("3.9")
    assert (cell.name, cell.build, cell.oslo) == ("prefork-daemon-eventlet-train", "train-python3.9", "10.2.4")
    assert cell.factors["release"] == "train"


def test_named_version_prevails_over_the_release() -> None:
    (cell,) = select(["prefork-train-kombu5.5.4-oslo14.3.0"]).cells
    assert cell.packages == {**RELEASES["train"].runs("3.9"), "oslo.messaging": "14.3.0", "kombu": "5.5.4"}
    assert cell.build == "train-oslo14.3.0-kombu5.5.4-python3.9"
    assert cell.name == "prefork-daemon-eventlet-train-oslo14.3.0-kombu5.5.4"
    assert select([cell.name]).cells == (cell,)


@pytest.mark.parametrize(
    "library", [each for each in TABLE.libraries if not each.beside], ids=lambda library: library.word
)
def test_default_version_that_is_named_prevails_too(library: object) -> None:
    word, package, default = (getattr(library, name) for name in ("word", "package", "default"))
    (cell,) = select([f"prefork-train-{word}{default}"]).cells
    assert cell.packages[package] == default
    assert cell.build == f"train-{word}{default}-python3.9"


def test_images_of_releases_are_told_apart_by_a_short_name() -> None:
    cells = select([f"prefork-{{{','.join(RELEASES)}}}", "uwsgi-train"]).cells
    found = {spec.name: spec for spec in specs(cells, NO_INDEX, environ={})}
    train = found["apache-train-python3.9"]
    assert (train.tag, train.base) == ("heartbed-apache:train-python3.9", "heartbed-base:bullseye")
    assert (found["uwsgi-train-python3.9"].on, found["uwsgi-train-python3.9"].base) == (train.tag, train.base)
    assert (found["apache-2026.2"].tag, found["apache-2026.2"].base) == (
        "heartbed-apache:2026.2",
        "heartbed-base:trixie",
    )
    assert len({spec.tag for spec in found.values()}) == len(found)
    lines = train.build_args["LOCK"].splitlines()
    assert len(lines) == len(RELEASES["train"].runs("3.9"))
    assert (train.build_args["OSLO_MESSAGING"], train.build_args["PYTHON"]) == ("10.2.4", "python3.9")


def test_base_of_the_users_own_is_under_images_of_the_usual_python_only() -> None:
    cells = select(["prefork-{2026.2,train}"]).cells
    found = {spec.name: spec.base for spec in specs(cells, NO_INDEX, environ={"BASE_IMAGE": "mine:1"})}
    assert (found["apache-2026.2"], found["apache-train-python3.9"]) == ("mine:1", "heartbed-base:bullseye")


def test_what_is_not_the_releases_own_is_told_in_one_line() -> None:
    assert KOMBU.differs("3.13") == "kombu 5.3 for 4.0 (does not run on Python 3.13); 2 others are the release's own"
    assert KOMBU.differs("3.13", ["vine"]).endswith("; 1 other is the release's own")
    assert not KOMBU.differs("3.13", ["kombu"])


def test_each_release_has_one_note_unless_it_is_all_its_own() -> None:
    stein = "python3.13-stein"
    notes = select([f"{{prefork,event}}-{{stein,2026.2,{stein},{stein}-oslo10.1.0}}"]).notes
    assert [note.partition(":")[0] for note in notes] == ["stein", "stein", "stein-oslo10.1.0"]
    assert notes[0] == "stein: greenlet 0.4.17 for 0.4.15 (does not run on Python 3.9); 17 others are the release's own"
    assert "oslo.messaging 9.6.0 for 9.5.2" in notes[1]
    assert "oslo.messaging" not in notes[2]


def test_amqp_below_5_is_refused_with_its_reason() -> None:
    (cell,) = select(["prefork-amqp2.6.1"]).cells
    with pytest.raises(InputError, match=r"amqp 2.6.1 does not run on Python 3.13: it needs vine below 5") as raised:
        lock(cell.packages, NO_INDEX)
    assert "amqp5.1.0" in raised.value.hint


def test_command_shows_the_releases_own_beside_what_is_run() -> None:
    shown = CliRunner(env={"COLUMNS": "160"}).invoke(list_versions, ["train"]).output
    rows = [re.split(r"  +", line.strip()) for line in shown.splitlines()]
    train = RELEASES["train"]
    assert ["oslo.messaging", "10.2.4", "10.2.4"] in rows
    for package, stand_in in train.on[train.python].instead.items():
        assert [package, train.own[package], stand_in.version, stand_in.why] in rows
    assert f"why not its own, on Python {train.python}" in shown
    assert train.source in shown


class Tried(Trials):
    """Trials in which kombu works from 5.2 on, vine wants pytz, and greenlet has wheels from 3.1 on."""

    def lay_out(self, package: str, version: str) -> bool:
        return package != "greenlet" or number(version) >= (3, 1)

    def failure(self, versions: dict[str, str]) -> str:
        if "pytz" not in versions:
            return "File \"/candidates/vine-1.0/a.py\"\nModuleNotFoundError: No module named 'pytz'"
        if number(versions["kombu"]) < (5, 2):
            return f"File \"/candidates/kombu-{versions['kombu']}/a.py\"\nModuleNotFoundError: No module named 'imp'"
        return ""


def tried(tmp_path: Path, *released: str) -> Tried:
    def pip(_: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, json.dumps({"versions": released}))

    return Tried("container", Index(tmp_path, pip))


def test_what_does_not_work_gives_way_to_the_next_newer_release(tmp_path: Path) -> None:
    own = {"kombu": "5.0", "vine": "1.0", "greenlet": "1.1"}
    settled = tried(tmp_path, "5.3", "5.2", "5.1", "5.0", "3.1", "1.1").settle(Release("some", "", "", own))
    assert settled.instead == {
        "kombu": StandIn("5.2", "No module named 'imp'"),
        "greenlet": StandIn("3.1", "no wheel for Python 3.13"),
    }
    assert settled.beside == {"pytz": "2025.2"}


NOR_NEWER = "does not work in {}, nor in any newer release"


class OfItsTime(Tried):
    """Trials in which stevedore asks entry points for what they had in its time."""

    def failure(self, versions: dict[str, str]) -> str:
        return "" if "importlib-metadata" in versions else "TypeError: 'EntryPoint' object is not subscriptable"


@pytest.mark.parametrize(("python", "lacks"), [("3.9", ""), ("3.13", f"eventlet {NOR_NEWER.format('1.0')}")])
def test_entry_points_of_their_time_are_put_beside_on_the_pythons_that_had_them(
    tmp_path: Path, python: str, lacks: str
) -> None:
    found = OfItsTime("container", Index(tmp_path, tried(tmp_path, "1.0").index.pip, python))
    fit = found.settle(Release("some", "", "", {"eventlet": "1.0"}))
    assert (fit.lacks, "importlib-metadata" in fit.beside) == (lacks, not lacks)


def test_release_for_which_nothing_works_does_not_run_there(tmp_path: Path) -> None:
    found = tried(tmp_path, "5.1", "5.0").settle(Release("some", "", "", {"kombu": "5.0", "vine": "1.0"}))
    assert found == Fit(lacks=f"kombu {NOR_NEWER.format('5.1')}")


def test_release_that_does_not_run_on_a_python_names_the_nearest_that_runs_it() -> None:
    release = replace(KOMBU, on={"3.13": Fit(), "3.11": Fit(), "3.9": Fit(lacks="no wheel")})
    assert release.refuses("3.9") == (
        "some does not run on Python 3.9 (no wheel): the nearest that runs it is python3.11"
    )
    assert not release.refuses("3.13")


@pytest.mark.parametrize(
    ("traceback", "package"),
    [
        ('File "/candidates/kombu-5.0/a.py"\nFile "/candidates/vine-1.0/b.py"\nError: x', "vine"),
        ('File "/candidates/kombu-5.0/a.py"\nFile "/candidates/pytz-2025.2/b.py"\nError: x', "kombu"),
        ('File "/usr/lib/python3.13/threading.py"\nError: x', "eventlet"),
        ("File \"/usr/lib/a.py\"\nTypeError: 'PipeMutex' object does not support it", "oslo.log"),
    ],
)
def test_failure_is_laid_to_the_last_library_in_the_traceback(traceback: str, package: str) -> None:
    assert culprit(traceback, ["kombu", "vine", "eventlet", "oslo.log"]) == package


@pytest.mark.parametrize(
    ("last", "why"),
    [
        ("ModuleNotFoundError: No module named 'imp'", "No module named 'imp'"),
        (
            "ImportError: cannot import name 'a' from 'b' (/usr/lib/b.py). Did you mean: 'c'?",
            "cannot import name 'a' from 'b'",
        ),
        ("Killed", "Killed"),
    ],
)
def test_reason_is_the_message_of_the_error(last: str, why: str) -> None:
    assert reason(f"Traceback\n  File x\n{last}") == why
