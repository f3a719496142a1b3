"""Configurations that have uWSGI run gevent's loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbed.candidates.wishes import Wishes
from heartbed.candidates.workbench import Workbench
from heartbed.errors import InputError
from heartbed.servers.kinds import draft
from heartbed.servers.uwsgi.draft import UwsgiDraft
from heartbed.servers.uwsgi.prepared import UwsgiPrepared
from heartbed.studies import mend
from tests.unit.servers.uwsgi.test_forms import Speaking, shown

FILE = "[uwsgi]\nhttp-socket = :1\nmodule = hello:app\nlazy-apps = true\nthreads = 4\ngevent = 50\n"
IN_FORCE = ("http-socket = :8080", "lazy-apps = true", "threads = 4", "gevent = 50")


def written(folder: Path, text: str) -> Path:
    path = folder / "site.ini"
    path.write_text(text)
    return path


def prepared(folder: Path, text: str = FILE, *options: str, wishes: Wishes | None = None) -> UwsgiPrepared:
    found = draft(written(folder, text), wishes or Wishes())
    said = Speaking(shown("ini", *IN_FORCE, *options))
    made = found.kind.prepare(found, Workbench(folder / "bench"), said)  # type: ignore[arg-type]
    assert isinstance(made, UwsgiPrepared)
    return made


@pytest.mark.parametrize("lines", ["gevent = 50", "loop = gevent\nasync = 50", "gevent = $(CORES)"])
def test_the_image_has_gevent_where_the_file_may_want_it(tmp_path: Path, lines: str) -> None:
    found = draft(written(tmp_path, FILE.replace("gevent = 50", lines)), Wishes())
    assert isinstance(found, UwsgiDraft)
    assert "gevent" in found.cell.brought
    assert "gevent" in found.cell.build


def test_the_candidate_is_one_in_gevents_loop_and_patched_by_it(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    factors = made.candidate.factors
    assert (factors["loop"], factors["model"], factors["thread"]) == ("ugevent", "gevent", "green")
    assert made.candidate.thread_count == 1
    assert made.rows["uWSGI"].endswith("in gevent's loop")
    assert any("patches with gevent first" in each for each in made.draft.assumptions)
    assert made.settings["gevent"] == "50"


def test_the_change_to_uwsgis_own_loop_is_one_to_native_threads(tmp_path: Path) -> None:
    made = prepared(tmp_path)
    found = {each.changes[0].key: each for each in mend.mends(made, Workbench(tmp_path / "bench"))}
    assert {"simple-loop", "preload", "heartbeat"} == set(found)
    own = found["simple-loop"]
    assert (own.candidate.model, own.candidate.factors["loop"]) == ("native", "simple")
    assert "-gevent = 50\n+# gevent = 50" in own.lines


def test_that_patching_comes_after_the_application_was_loaded_is_told(tmp_path: Path) -> None:
    late = prepared(tmp_path, FILE + "gevent-monkey-patch = true\n", "gevent-monkey-patch = true")
    assert any("after the application was loaded" in each for each in late.oddities)
    early = prepared(tmp_path, FILE, "gevent-monkey-patch = true", "gevent-early-monkey-patch = true")
    assert not any("after the application was loaded" in each for each in early.oddities)


@pytest.mark.parametrize(
    ("line", "wishes", "words"),
    [
        ("", Wishes(model="eventlet"), r"site\.ini:6: .*it cannot be eventlet"),
        ("", Wishes(app="nova34"), r"site\.ini:6: nova34 patches with eventlet or not at all"),
        ("gevent-monkey-patch = true\n", Wishes(model="native"), r"site\.ini:7: gevent-monkey-patch patches the proc"),
    ],
)
def test_a_model_that_cannot_be_in_the_loop_is_refused(tmp_path: Path, line: str, wishes: Wishes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        draft(written(tmp_path, FILE + line), wishes)


def test_an_unpatched_application_can_be_in_it(tmp_path: Path) -> None:
    made = prepared(tmp_path, wishes=Wishes(model="native"))
    assert (made.candidate.model, made.candidate.factors["loop"]) == ("native", "ugevent")


@pytest.mark.parametrize(("model", "brought"), [("eventlet", False), ("native", False), ("gevent", True), (None, True)])
def test_a_loop_under_a_condition_is_there_where_the_model_asks_for_it(
    tmp_path: Path, model: str | None, brought: bool
) -> None:
    lines = FILE.replace("gevent = 50", "if-env = LOOP\ngevent = 50\nendif =\nmaster = true")
    found = draft(written(tmp_path, lines), Wishes(model=model))
    assert ("gevent" in found.cell.brought) is brought


def test_a_loop_after_a_condition_is_there_whatever_the_model(tmp_path: Path) -> None:
    lines = FILE.replace("gevent = 50", "if-env = LOOP\nmaster = true\nendif =\ngevent = 50")
    with pytest.raises(InputError, match="it cannot be eventlet"):
        draft(written(tmp_path, lines), Wishes(model="eventlet"))
