"""Shards that are merged are judged as one run; what is missing or does not belong is said."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from heartbed.cells.expressions import select
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cli import cli
from heartbed.errors import InputError
from heartbed.record.event import Event, read
from heartbed.record.kinds import ObserverFailed, WireFrame
from heartbed.report.data import RunData
from heartbed.report.explain import explain
from heartbed.report.loaded import load
from heartbed.report.merged import MergedData
from heartbed.report.registry import format_names, render, write_reports
from heartbed.studies.merge import merge
from heartbed.studies.session import Session
from heartbed.verdict.values import Outcome
from tests.unit.histories import History
from tests.unit.local import LocalEngine
from tests.unit.shards import CELLS, shard, written
from tests.unit.studies.test_batch import LocalSession

FIRST, SECOND = (cell.name for cell in CELLS)


def merged(tmp_path: Path, *folders: Path) -> RunData:
    return load(tmp_path / "runs", str(merge(folders, tmp_path / "runs")))


def fates(data: RunData) -> dict[str, Outcome]:
    return {cell.cell: cell.outcome for cell in data.verdict.cells}


def test_all_shards_are_one_run_and_each_cell_is_judged_by_its_own_record(tmp_path: Path) -> None:
    data = merged(tmp_path, shard(tmp_path / "a", "1/2"), shard(tmp_path / "b", "2/2", kept=False))
    assert fates(data) == {FIRST: Outcome.KEPT, SECOND: Outcome.LOST}
    assert (data.verdict.outcome, data.verdict.status, data.verdict.run) == (Outcome.LOST, "complete", data.folder.name)
    assert not any(each.startswith("Missing") for each in data.verdict.missing)
    assert {each.name for each in data.verdict.controls} >= {"machine (shard 1)", "machine (shard 2)"}


def test_evidence_is_on_its_line_of_the_merged_record(tmp_path: Path) -> None:
    data = merged(tmp_path, shard(tmp_path / "a", "1/2", kept=False), shard(tmp_path / "b", "2/2", kept=False))
    cited = [piece for cell in data.verdict.cells for c in cell.connections for piece in c.evidence]
    assert cited
    for piece in cited:
        event = data.at_line(piece.line)
        assert event is not None
        assert (event.kind, event.t) == (piece.kind, piece.t)


def test_what_is_told_of_a_cell_comes_from_its_own_shard_though_addresses_and_times_are_the_same(
    tmp_path: Path,
) -> None:
    data = merged(tmp_path, shard(tmp_path / "a", "1/2", later=0.5), shard(tmp_path / "b", "2/2", kept=False))
    for number, cell in enumerate(data.verdict.cells):
        assert isinstance(data, MergedData)
        own = data.shards[number]
        assert data.all_of_cell(cell) == own.all_of_cell(cell) != []
        assert data.idle_of(cell) == own.idle_of(cell)
        assert all(event in own.events for conn in cell.connections for event in data.of_connection(conn, WireFrame))
        assert explain(data, cell)


def test_every_format_tells_a_merged_run(tmp_path: Path) -> None:
    data = merged(tmp_path, shard(tmp_path / "a", "1/2"), shard(tmp_path / "b", "2/2", kept=False))
    for name in format_names():
        assert SECOND in str(render(name, data))
    write_reports(data)


def test_a_shard_given_twice_counts_once(tmp_path: Path) -> None:
    one, two = shard(tmp_path / "a", "1/2"), shard(tmp_path / "b", "2/2")
    again = shard(tmp_path / "c", "2/2", kept=False, later=100.0)
    data = merged(tmp_path, one, one, again, two)
    assert fates(data) == {FIRST: Outcome.KEPT, SECOND: Outcome.KEPT}
    assert "c is not counted: b is shard 2 too" in data.verdict.missing


def test_what_could_not_be_observed_in_any_shard_is_said_once_in_the_order_in_which_it_came(tmp_path: Path) -> None:
    told = [f"observer {number} has ended" for number in range(8)]
    folders = []
    for whole in (shard(tmp_path / "a", "1/2"), shard(tmp_path / "b", "2/2")):
        start, *rest = read(whole)
        failed = [Event(ObserverFailed(observer=f"o{n}", reason=why), start.t) for n, why in enumerate(told)]
        folders.append(written(tmp_path / "told" / whole.name, [start, *failed, *rest]))
    missing = merged(tmp_path, *folders).verdict.missing
    assert [each for each in missing if "observer" in each] == told


def test_of_two_plays_of_a_shard_the_one_whose_controls_did_right_counts(tmp_path: Path) -> None:
    wrong = shard(tmp_path / "b", "2/2", controls=False)
    right = shard(tmp_path / "c", "2/2", kept=False, later=100.0)
    assert fates(merged(tmp_path, shard(tmp_path / "a", "1/2"), wrong, right))[SECOND] is Outcome.LOST


def test_of_two_plays_of_a_shard_the_one_that_left_out_fewer_cells_counts(tmp_path: Path) -> None:
    fewer = shard(tmp_path / "b", "2/2", left_out=[{"name": SECOND, "reason": "its server has ended"}])
    all_ = shard(tmp_path / "c", "2/2", later=100.0)
    data = merged(tmp_path, shard(tmp_path / "a", "1/2"), fewer, all_)
    assert "b is not counted: c is shard 2 too" in data.verdict.missing


def test_what_went_wrong_in_one_shard_says_nothing_of_the_others(tmp_path: Path) -> None:
    data = merged(tmp_path, shard(tmp_path / "a", "1/2", kept=False), shard(tmp_path / "b", "2/2", controls=False))
    assert fates(data) == {FIRST: Outcome.LOST, SECOND: Outcome.INCONCLUSIVE}
    assert data.verdict.reason == ""


def test_a_missing_shard_is_named_and_nothing_is_claimed_of_the_whole(tmp_path: Path) -> None:
    data = merged(tmp_path, shard(tmp_path / "b", "2/2"))
    assert data.verdict.outcome is Outcome.INCONCLUSIVE
    assert data.verdict.answer.endswith("Missing: shard 1/2.")
    assert "Missing: shard 1/2." in data.verdict.missing
    told = str(render("text", data))
    assert "as they must be in the one shard;" in told
    assert re.search(r"^missing +shard 1/2$", told, re.MULTILINE)


def test_cells_that_a_shard_has_not_played_are_named(tmp_path: Path) -> None:
    known = shard(tmp_path / "a", "1/2")
    record = known / "record.jsonl"
    record.write_text(record.read_text().replace(f'"cells":["{FIRST}"]', f'"cells":["{FIRST}","worker-native"]', 1))
    assert "Missing of shard 1/2: 1 cell (worker-native)." in merged(tmp_path, known).verdict.missing


def test_a_merged_run_can_be_merged_with_what_came_later(tmp_path: Path) -> None:
    half = merge([shard(tmp_path / "a", "1/2")], tmp_path / "runs")
    data = merged(tmp_path, half, shard(tmp_path / "b", "2/2"))
    assert fates(data) == {FIRST: Outcome.KEPT, SECOND: Outcome.KEPT}
    assert data.verdict.outcome is Outcome.KEPT


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"heartbed": "0.0.1"}, "version of heartbed"),
        ({"heartbeat_s": 6.0}, "heartbeat timeout: 2 s and 6 s"),
        ({"rpc_timeout_s": 9.0}, "RPC timeout"),
        ({"untrusted": True}, "trust in the files"),
    ],
)
def test_shards_that_were_played_otherwise_are_refused(tmp_path: Path, other: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=f"a and b are not shards of one run: they differ in the {what}"):
        merge([shard(tmp_path / "a", "1/2"), shard(tmp_path / "b", "2/2", **other)], tmp_path / "runs")


def test_a_run_that_is_no_shard_is_refused(tmp_path: Path) -> None:
    history = History.of()
    with pytest.raises(InputError, match="test is no shard"):
        merge([written(tmp_path / "a", history.events)], tmp_path / "runs")


def test_a_record_of_a_newer_schema_is_refused(tmp_path: Path) -> None:
    newer = shard(tmp_path / "a", "1/2") / "record.jsonl"
    newer.write_text(newer.read_text().replace('{"v":1', '{"v":2'))
    with pytest.raises(InputError, match="schema 2, but this heartbed reads up to 1"):
        merge([newer.parent], tmp_path / "runs")


def test_a_shard_that_was_killed_in_the_middle_is_merged_as_far_as_it_came(tmp_path: Path) -> None:
    torn = shard(tmp_path / "a", "1/2") / "record.jsonl"
    torn.write_bytes(torn.read_bytes()[:-40])
    data = merged(tmp_path, torn.parent, shard(tmp_path / "b", "2/2"))
    assert data.verdict.status == "killed"
    assert any(each.startswith("shard 1: the run was killed") for each in data.verdict.missing)


def test_the_command_merges_tells_the_answer_and_exits_by_it(tmp_path: Path) -> None:
    folders = [str(shard(tmp_path / "a", "1/2")), str(shard(tmp_path / "b", "2/2", kept=False))]
    runs = str(tmp_path / "runs")
    done = CliRunner().invoke(cli, ["merge", *folders, "--runs", runs], standalone_mode=False)
    assert done.return_value == 1
    assert "silent, beating, compute as they must be in all 2 shards" in " ".join(done.output.split())
    again = CliRunner().invoke(cli, ["explain", SECOND, "--runs", runs])
    assert again.exit_code == 0


def test_a_session_plays_a_shard_and_its_record_says_which(tmp_path: Path) -> None:
    settings = Settings(heartbeat_s=1, margin_s=-2.9, runs=tmp_path / "runs")
    whole: Session = LocalSession(settings, quiet=True, parts=LocalEngine().parts())
    folders = []
    for number in (1, 2):
        session, mine = whole.divided(select(["{prefork,event}-daemon-eventlet"]).cells, Division(number, 2))
        data, _ = session.play(mine)
        assert data is not None
        folders.append(data.folder)
    data = load(settings.runs, str(merge(folders, settings.runs)))
    assert [cell.cell for cell in data.verdict.cells] == [FIRST, SECOND]
    assert not any(each.startswith("Missing") for each in data.verdict.missing)
