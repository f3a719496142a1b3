"""What the index is asked, what is made of its answers, and what an image gets."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from heartbed.cells.expressions import select
from heartbed.errors import InputError, TestbedError
from heartbed.run.images import specs
from heartbed.versions.index import Index, Pin, nearest, shortened
from heartbed.versions.locks import lock, milestones

RELEASED = ["9.7.1", "14.2.0", "14.3.0", "14.3.1", "14.10.0", "18.3.1"]
SHA = "ab" * 32
NO_SUCH = (
    "ERROR: Could not find a version that satisfies the requirement oslo.messaging==14.9.9 "
    "(from versions: 9.7.1, 14.2.0)\nERROR: No matching distribution found for oslo.messaging==14.9.9\n"
)
OTHER_PYTHON = (
    "ERROR: Ignored the following versions that require a different python version: 14.3.1 Requires-Python >=3.14\n"
)
SILENT = "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError'\n" + NO_SUCH

Pip = Callable[[Sequence[str]], subprocess.CompletedProcess[str]]


def done(code: int, stdout: object = "", stderr: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess([], code, json.dumps(stdout), stderr)


def pip(*, install: str = "", index: str = "", asked: list[str] | None = None) -> Pip:
    """A pip that answers, or says the given words on stderr and fails."""

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if asked is not None:
            asked.append(arguments[0])
        if arguments[0] == "index":
            return done(1, stderr=index) if index else done(0, {"versions": [*RELEASED[::-1], "14.0.0rc1"]})
        version = str(arguments[-1]).partition("==")[2]
        # As pip does, which takes 14.3 for 14.3.0.
        metadata = {"version": f"{version}.0" if version.count(".") == 1 else version}
        info = {"download_info": {"archive_info": {"hashes": {"sha256": SHA}}}, "metadata": metadata}
        return done(1, stderr=install) if install else done(0, {"install": [info]})

    return run


def test_releases_come_oldest_first_by_number_and_without_candidates(tmp_path: Path) -> None:
    assert Index(tmp_path, pip()).released("oslo.messaging") == RELEASED


def test_list_of_releases_is_asked_once_a_day(tmp_path: Path) -> None:
    asked: list[str] = []
    index = Index(tmp_path, pip(asked=asked))
    for _ in range(2):
        index.released("oslo.messaging")
    assert asked == ["index"]
    file = tmp_path / "oslo.messaging.json"
    file.write_text(json.dumps({"t": time.time() - 2 * 86400, "versions": ["1.0"]}))
    assert index.released("oslo.messaging") == RELEASED


def test_old_list_serves_when_the_index_is_silent(tmp_path: Path) -> None:
    (tmp_path / "oslo.messaging.json").write_text(json.dumps({"t": 0, "versions": RELEASED}))
    assert Index(tmp_path, pip(index=SILENT)).released("oslo.messaging") == RELEASED


def test_where_answers_cannot_be_kept_the_index_is_asked_each_time(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Index(tmp_path / "file" / "index", pip()).released("oslo.messaging") == RELEASED


def test_silent_index_is_no_wrong_input(tmp_path: Path) -> None:
    index = Index(tmp_path, pip(install=SILENT, index=SILENT))
    for ask in (lambda: index.released("oslo.messaging"), lambda: index.pin("oslo.messaging", "14.2.0")):
        with pytest.raises(TestbedError, match="does not answer") as raised:
            ask()
        assert raised.value.exit_code == 4


def test_pin_has_the_hash_and_is_asked_once(tmp_path: Path) -> None:
    asked: list[str] = []
    index = Index(tmp_path, pip(asked=asked))
    pins = [index.pin("oslo.messaging", "14.2.0") for _ in range(2)]
    assert pins[0] == pins[1] == Pin("oslo.messaging", "14.2.0", SHA)
    assert pins[0].line == f"oslo.messaging==14.2.0 --hash=sha256:{SHA}"
    assert asked == ["install"]


def test_release_that_does_not_exist_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no oslo.messaging 14.9.9") as raised:
        Index(tmp_path, pip(install=NO_SUCH)).pin("oslo.messaging", "14.9.9")
    assert "14.3.0, 14.3.1, 14.10.0, 18.3.1" in raised.value.hint
    assert "the newest is 18.3.1" in raised.value.hint


def test_release_for_another_python_says_which_and_the_nearest_that_runs(tmp_path: Path) -> None:
    index = Index(tmp_path, pip(install=OTHER_PYTHON + NO_SUCH), "3.9")
    for version in ("3.9", "3.11"):
        runs = [each for each in RELEASED if each != "14.3.1" or version == "3.11"]
        told = json.dumps({"t": time.time(), "versions": runs})
        (tmp_path / f"oslo.messaging-python{version}.json").write_text(told)
    (tmp_path / "oslo.messaging-python3.13.json").write_text(json.dumps({"t": time.time(), "versions": []}))
    with pytest.raises(InputError, match=r"14.3.1 needs Python >=3.14; this image has 3.9") as raised:
        index.pin("oslo.messaging", "14.3.1")
    assert raised.value.hint == ("14.3.0 is the nearest that runs on it; oslo.messaging 14.3.1 runs on python3.11")


def test_wheels_are_asked_for_the_python_of_the_image(tmp_path: Path) -> None:
    asked: list[Sequence[str]] = []

    def run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        asked.append(arguments)
        return pip()(arguments)

    Index(tmp_path, run, "3.9").pin("greenlet", "1.0.0")
    assert asked[0][asked[0].index("--python-version") + 1] == "3.9"
    assert (tmp_path / "greenlet-1.0.0-python3.9.sha256").is_file()


def test_release_that_exists_and_cannot_be_installed_tells_pips_reason(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot be installed on Python 3.13: No space left on device"):
        Index(tmp_path, pip(install="ERROR: No space left on device\n")).pin("oslo.messaging", "14.2.0")


def test_pips_list_of_everything_is_left_out() -> None:
    assert "from versions" not in shortened(NO_SUCH)


def test_nearest_looks_both_ways() -> None:
    assert nearest("14.4", RELEASED)[:3] == ["14.3.0", "14.3.1", "14.10.0"]
    assert "18.3.1" in nearest("19.0", RELEASED)


def test_milestones_need_no_index() -> None:
    def no_index(_: Sequence[str]) -> subprocess.CompletedProcess[str]:
        raise AssertionError("the index was asked")

    for cell in select([f"prefork-oslo{{{','.join(milestones())}}}"]).cells:
        (pin,) = lock(cell.packages, Index(pip=no_index)).pins
        assert pin == milestones()[cell.oslo]


def test_image_of_another_release_is_built_with_its_hash(tmp_path: Path) -> None:
    (cell,) = select(["prefork-oslo14.2.0-kombu5.3.1"]).cells
    spec = specs([cell], Index(tmp_path, pip()), environ={})[-1]
    assert spec.tag == "heartbed-apache:oslo14.2.0-kombu5.3.1"
    assert spec.build_args == {
        "OSLO_MESSAGING": "14.2.0",
        "LOCK": f"oslo.messaging==14.2.0 --hash=sha256:{SHA}\nkombu==5.3.1 --hash=sha256:{SHA}",
    }
    assert spec.lock.splitlines()[1:] == spec.build_args["LOCK"].splitlines()


def test_mod_wsgi_is_compiled_and_must_exist(tmp_path: Path) -> None:
    index = Index(tmp_path, pip())
    (cell,) = select(["prefork-mod_wsgi9.7.1"]).cells
    assert specs([cell], index, environ={})[-1].build_args["MOD_WSGI"] == "9.7.1"
    (cell,) = select(["prefork-mod_wsgi1.2.3"]).cells
    with pytest.raises(InputError, match=r"there is no mod_wsgi 1.2.3"):
        specs([cell], index, environ={})


def test_other_servers_are_built_on_the_application_with_the_same_versions(tmp_path: Path) -> None:
    cells = select(["{uwsgi,gunicorn,prefork}-oslo14.2.0"]).cells
    found = {spec.name: spec for spec in specs(cells, Index(tmp_path, pip()), environ={})}
    assert found["uwsgi-oslo14.2.0"].on == found["gunicorn-oslo14.2.0"].on == "heartbed-apache:oslo14.2.0"
    assert list(found).count("apache-oslo14.2.0") == 1


def test_a_number_that_pip_would_complete_names_no_release(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no oslo.messaging 14\.3$") as caught:
        Index(tmp_path, pip()).pin("oslo.messaging", "14.3")
    assert "14.3.0" in caught.value.hint
