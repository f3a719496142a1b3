"""All verdicts ever made, in one table: kept with each run that is judged, asked in SQL, and what moved."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner, Result

from heartbed.cli import cli
from heartbed.errors import InputError, TestbedError
from heartbed.report.data import RunData
from heartbed.report.loaded import load
from heartbed.studies import store
from heartbed.studies.answers import Found, ask, ever, known
from heartbed.studies.merge import merge
from tests.unit.shards import CELLS, shard

FIRST, SECOND = (cell.name for cell in CELLS)
IMAGES = {name: {"tag": name, "id": f"sha256:{name}"} for name in ("apache-oslo17.3.2", "rabbitmq", "observer")}


def added(runs: Path, name: str, division: str = "1/2", **start: Any) -> RunData:
    """A run that is judged, its results among all."""
    data = load(runs, str(shard(runs / name, division, **start)))
    store.add(data)
    return data


def told(runs: Path, question: str = "", **options: Any) -> list[dict[str, Any]]:
    found = ask(runs, question, **options)
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def invoked(runs: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["results", *arguments, "--runs", str(runs)])


def test_each_run_that_is_judged_is_among_the_results_and_axes_are_columns(tmp_path: Path) -> None:
    added(tmp_path, "a")
    added(tmp_path, "b", "2/2", kept=False)
    assert {row["cell"]: row["outcome"] for row in told(tmp_path)} == {FIRST: "kept", SECOND: "lost"}
    assert [row["cell"] for row in told(tmp_path, "where server = 'event'")] == [SECOND]


@pytest.mark.parametrize(
    "question",
    [
        "where server = 'event'",
        "server = 'event'",
        "SELECT cell FROM results WHERE mode = 'daemon' AND server = 'event'",
    ],
)
def test_a_question_is_a_condition_the_end_of_a_query_or_a_whole_one(tmp_path: Path, question: str) -> None:
    added(tmp_path, "a")
    added(tmp_path, "b", "2/2")
    assert [row["cell"] for row in told(tmp_path, question)] == [SECOND]


def test_a_run_that_is_judged_again_is_there_once(tmp_path: Path) -> None:
    store.add(added(tmp_path, "a"))
    assert len(told(tmp_path)) == 1


def test_results_outlive_the_folders_of_their_runs(tmp_path: Path) -> None:
    data = added(tmp_path, "a")
    for file in data.folder.iterdir():
        file.unlink()
    data.folder.rmdir()
    assert [row["run"] for row in told(tmp_path)] == ["a"]


def test_shards_are_there_once_though_they_were_merged(tmp_path: Path) -> None:
    folders = [added(tmp_path, name, f"{name}/2").folder for name in ("1", "2")]
    store.add(load(tmp_path, str(merge(folders, tmp_path))))
    assert sorted((row["run"], row["cell"]) for row in told(tmp_path)) == [("1", FIRST), ("2", SECOND)]


def test_a_column_that_only_some_runs_have_is_empty_in_the_others(tmp_path: Path) -> None:
    data = added(tmp_path, "a")
    strange = data.verdict.cells[0].model_copy(update={"factors": {"planet": "mars"}, "cell": "x"})
    verdict = data.verdict.model_copy(update={"cells": [strange]})
    events = [*data.events[:1], *data.events[2:]]
    store.add(RunData(verdict, [type(events[0])(events[0].data, 5.0), *events[1:]], data.folder))
    assert [(row["cell"], row["planet"]) for row in told(tmp_path, "select * from results order by cell")] == [
        (FIRST, None),
        ("x", "mars"),
    ]


def test_what_moved_is_told_with_what_else_is_not_as_it_was(tmp_path: Path) -> None:
    added(tmp_path, "a")
    added(tmp_path, "b", kept=False, later=100.0, code="new")
    added(tmp_path, "c", "2/2")
    (moved,) = told(tmp_path, changes=True)
    assert (moved["cell"], moved["was"], moved["outcome"]) == (FIRST, "kept", "lost")
    assert (moved["run_before"], moved["run"], moved["differs"]) == ("a", "b", "heartbed")
    assert told(tmp_path, "server = 'event'", changes=True) == []


def test_what_is_inconclusive_has_not_moved_and_what_came_back_moves_no_more(tmp_path: Path) -> None:
    added(tmp_path, "a")
    added(tmp_path, "b", later=100.0, controls=False)
    assert told(tmp_path, changes=True) == []
    added(tmp_path, "c", later=200.0, kept=False)
    added(tmp_path, "d", later=300.0, kept=False)
    assert told(tmp_path, changes=True) == []
    assert [row["run"] for row in told(tmp_path, "select run from changes")] == ["c"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("where servr = 'event'", '"servr" not found'),
        ("where where", "syntax error"),
        ("select * from read_csv('/etc/passwd')", "disabled"),
        ("select * from nothing", "does not exist"),
    ],
)
def test_sql_that_is_wrong_is_wrong_input(tmp_path: Path, question: str, said: str) -> None:
    added(tmp_path, "a")
    with pytest.raises(InputError, match=f"this is not understood: .*{said}"):
        ask(tmp_path, question)


def test_results_of_another_schema_are_refused_by_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SCHEMA", 7)
    added(tmp_path, "a")
    with pytest.raises(InputError, match=r"a-\w+\.parquet: results of schema 7, but this heartbed reads 1"):
        ask(tmp_path, "")


def test_a_damaged_file_and_one_of_something_else_are_named(tmp_path: Path) -> None:
    added(tmp_path, "a")
    damaged = tmp_path / store.FOLDER / "b.parquet"
    damaged.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"b\.parquet"):
        ask(tmp_path, "")
    duckdb.execute(f"COPY (SELECT 1 AS x) TO '{damaged}' (FORMAT parquet)")
    with pytest.raises(InputError, match="results of schema None"):
        ask(tmp_path, "")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / store.FOLDER).write_text("in the way")
    with pytest.raises(TestbedError, match="cannot write"):
        added(tmp_path, "a")


def test_without_results_it_is_said_where_they_come_from(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no results in"):
        ask(tmp_path, "")
    assert ever(tmp_path, [FIRST]) == []


def test_without_duckdb_runs_are_judged_all_the_same_and_the_question_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "duckdb" else found(name))
    monkeypatch.setitem(sys.modules, "duckdb", None)
    data = load(tmp_path, str(shard(tmp_path / "a", "1/2")))
    store.keep(data)
    assert (data.folder / "verdicts.json").exists()
    with pytest.raises(InputError, match="DuckDB, which is not installed") as error:
        ask(tmp_path, "")
    assert "heartbed[results]" in error.value.hint
    assert ever(tmp_path, [FIRST]) == []


def test_a_verdict_is_known_by_all_that_decides_it(tmp_path: Path) -> None:
    data = added(tmp_path, "a", images=IMAGES, code="c")
    digest = store.image_digest(CELLS[0], {name: image["id"] for name, image in IMAGES.items()})
    start = data.asked
    same = store.key(FIRST, "idle", start, digest)
    assert known(tmp_path, {FIRST: same})[FIRST].verdict == data.verdict.cells[0]
    others = [
        store.key(FIRST, "idle", start, "other"),
        store.key(FIRST, "burst", start, digest),
        store.key(FIRST, "idle", start.model_copy(update={"code": "d"}), digest),
        store.key(FIRST, "idle", start.model_copy(update={"heartbeat_s": 6.0}), digest),
    ]
    assert [known(tmp_path, {FIRST: other}) for other in others] == [{}] * 4


def test_without_images_or_code_nothing_is_known(tmp_path: Path) -> None:
    data = added(tmp_path, "a")
    assert store.image_digest(CELLS[0], {"rabbitmq": "sha256:1"}) == ""
    assert store.key(FIRST, "idle", data.asked, "") == ""
    assert store.key(FIRST, "idle", data.asked, "digest") == ""


def test_the_command_tells_text_csv_and_json(tmp_path: Path) -> None:
    added(tmp_path, "a")
    assert FIRST in invoked(tmp_path).output
    (row,) = csv.DictReader(io.StringIO(invoked(tmp_path, "--format", "csv").output))
    assert (row["cell"], row["server"], row["outcome"]) == (FIRST, "prefork", "kept")
    assert "verdict" not in row
    assert json.loads(invoked(tmp_path, "select cell from results", "--format", "json").output) == [{"cell": FIRST}]
    assert "nothing has moved" in invoked(tmp_path, "--changes").output
    assert "there is none" in invoked(tmp_path, "server = 'uwsgi'").output


@pytest.mark.parametrize("columns", [60, 100])
def test_names_of_cells_and_runs_are_never_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    name = "prefork-embedded-eventlet-pthread-oslo17.3.2-processes32-of-a-long-name"
    found = Found(["run", "cell", "more"], [["20251229-092000", name, "many words, which fill much room " * 3]])
    monkeypatch.setattr("heartbed.cli.results.ask", lambda *_, **__: found)
    shown = invoked(tmp_path).output
    assert name in shown
    assert "20251229-092000" in shown


def test_words_are_never_broken_however_narrow_the_terminal_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    row = ["20251229-092000", "prefork-embedded-eventlet-pthread-oslo17.3.2", "lost", "hub_not_run", 4.943]
    found = Found(["run", "cell", "outcome", "cause", "lost_after_s"], [row])
    monkeypatch.setattr("heartbed.cli.results.ask", lambda *_, **__: found)
    header, line = invoked(tmp_path).output.splitlines()
    assert header.split() == found.columns
    assert line.split() == [str(each) for each in row]
